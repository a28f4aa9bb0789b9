//! Threshold keys and Bitcoin's scripts for Python: packages as bytes; secrets of one round as handles that serve once.
use std::collections::BTreeMap;
use std::sync::Mutex;

use isthmus_proofs::frost::vector::{self, Case, Given, Signer};
use isthmus_proofs::frost::{Refusal, Suite, dkg, refresh, rounds, vector_dkg};
use isthmus_proofs::{multisig, taproot};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use zeroize::Zeroizing;

create_exception!(
    isthmus._core,
    FrostRefused,
    PyException,
    "A round of a threshold key was refused. Its arguments: name, reason, the holders to blame."
);

fn told(refusal: Refusal) -> PyErr {
    FrostRefused::new_err((refusal.name, refusal.reason, refusal.holders))
}

/// Suite, public key, threshold where it is known, holders.
type Known = (&'static str, Vec<u8>, Option<u16>, Vec<u16>);
type Packages = BTreeMap<u16, Vec<u8>>;

/// Secret nonces for one signature; no text of it shows them.
#[pyclass(frozen, module = "isthmus._core")]
struct FrostNonces(Mutex<rounds::Nonces>);

/// What a holder keeps between two parts of a ceremony; it serves once.
#[pyclass(frozen, module = "isthmus._core")]
struct FrostSecret(Mutex<dkg::Secret>);

/// A panic of another thread while it held the secret leaves it used or whole, never half.
fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn opened((secret, package): (dkg::Secret, Vec<u8>)) -> (FrostSecret, Vec<u8>) {
    (FrostSecret(Mutex::new(secret)), package)
}

fn continued((secret, packages): (dkg::Secret, Packages)) -> (FrostSecret, Packages) {
    (FrostSecret(Mutex::new(secret)), packages)
}

#[pyfunction]
#[pyo3(signature = (suite, holder, of, threshold, /))]
fn frost_dkg_part1(suite: &str, holder: u16, of: u16, threshold: u16) -> PyResult<(FrostSecret, Vec<u8>)> {
    let suite = Suite::named(suite).map_err(told)?;
    dkg::part1(suite, holder, of, threshold).map(opened).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (secret, packages, /))]
fn frost_dkg_part2(secret: &FrostSecret, packages: Packages) -> PyResult<(FrostSecret, Packages)> {
    dkg::part2(&mut held(&secret.0), &packages).map(continued).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (secret, packages, received, /))]
fn frost_dkg_part3(secret: &FrostSecret, packages: Packages, received: Packages) -> PyResult<(Vec<u8>, Vec<u8>)> {
    dkg::part3(&mut held(&secret.0), &packages, &received).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (suite, holder, of, threshold, /))]
fn frost_refresh_part1(suite: &str, holder: u16, of: u16, threshold: u16) -> PyResult<(FrostSecret, Vec<u8>)> {
    let suite = Suite::named(suite).map_err(told)?;
    refresh::part1(suite, holder, of, threshold).map(opened).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (secret, packages, /))]
fn frost_refresh_part2(secret: &FrostSecret, packages: Packages) -> PyResult<(FrostSecret, Packages)> {
    refresh::part2(&mut held(&secret.0), &packages).map(continued).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (secret, packages, received, share, public, /))]
fn frost_refresh_part3(
    secret: &FrostSecret,
    packages: Packages,
    received: Packages,
    share: &[u8],
    public: &[u8],
) -> PyResult<(Vec<u8>, Vec<u8>)> {
    let rounds = refresh::Rounds { first: &packages, second: &received };
    refresh::part3(&mut held(&secret.0), &rounds, &refresh::Holding { share, public }).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (share, repairers, lost, /))]
fn frost_repair_part1(share: &[u8], repairers: Vec<u16>, lost: u16) -> PyResult<Packages> {
    refresh::repair1(share, &repairers, lost).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (deltas, /))]
fn frost_repair_part2(deltas: Vec<Vec<u8>>) -> PyResult<Vec<u8>> {
    refresh::repair2(&deltas).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (sums, lost, public, /))]
fn frost_repair_part3(sums: Vec<Vec<u8>>, lost: u16, public: &[u8]) -> PyResult<Vec<u8>> {
    refresh::repair3(&sums, lost, public).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (share, /))]
fn frost_commit(share: &[u8]) -> PyResult<(FrostNonces, Vec<u8>)> {
    let (nonces, commitments) = rounds::commit(share).map_err(told)?;
    Ok((FrostNonces(Mutex::new(nonces)), commitments))
}

#[pyfunction]
#[pyo3(signature = (share, nonces, message, commitments, /))]
fn frost_sign(share: &[u8], nonces: &FrostNonces, message: &[u8], commitments: Packages) -> PyResult<Vec<u8>> {
    rounds::sign(share, &mut held(&nonces.0), message, &commitments).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (public, message, commitments, shares, /))]
fn frost_aggregate(public: &[u8], message: &[u8], commitments: Packages, shares: Packages) -> PyResult<Vec<u8>> {
    rounds::aggregate(public, message, &commitments, &shares).map_err(told)
}

#[pyfunction]
#[pyo3(signature = (suite, key, message, signature, /))]
fn frost_verify(suite: &str, key: &[u8], message: &[u8], signature: &[u8]) -> PyResult<bool> {
    rounds::verify(Suite::named(suite).map_err(told)?, key, message, signature).map_err(told)
}

/// (suite, public key, threshold, holders)
#[pyfunction]
#[pyo3(signature = (public, /))]
fn frost_known(public: &[u8]) -> PyResult<Known> {
    let known = rounds::known(public).map_err(told)?;
    Ok((known.suite.name(), known.key, known.threshold, known.holders))
}

type Two = (Option<Vec<u8>>, Option<Vec<u8>>);

/// (signature, public key, verified, signature shares)
#[pyfunction]
#[pyo3(signature = (suite, message, threshold, key, signers, /))]
fn frost_vector(
    suite: &str,
    message: Vec<u8>,
    threshold: u16,
    key: Option<Vec<u8>>,
    signers: Vec<(u16, Vec<u8>, Two, Two)>,
) -> PyResult<(Vec<u8>, Vec<u8>, bool, Packages)> {
    let given = |(randomness, nonce): Two| Given { randomness, nonce };
    let one = |(identifier, share, hiding, binding): (u16, Vec<u8>, Two, Two)| Signer {
        identifier,
        share: Zeroizing::new(share),
        hiding: given(hiding),
        binding: given(binding),
    };
    let case = Case { message, threshold, key, signers: signers.into_iter().map(one).collect() };
    let signed = vector::sign(Suite::named(suite).map_err(told)?, &case).map_err(told)?;
    Ok((signed.signature, signed.key, signed.verified, signed.shares))
}

type Sender = (u16, Vec<Vec<u8>>, Vec<u8>, Vec<u8>);

/// (signing share, verifying share, public key)
#[pyfunction]
#[pyo3(signature = (suite, me, polynomial, commitments, peers, /))]
fn frost_vector_dkg(
    suite: &str,
    me: u16,
    polynomial: Vec<Vec<u8>>,
    commitments: Vec<Vec<u8>>,
    peers: Vec<Sender>,
) -> PyResult<vector_dkg::Made> {
    let threshold = u16::try_from(polynomial.len()).unwrap_or(0);
    let one = |(identifier, commitments, proof, share)| vector_dkg::Peer { identifier, commitments, proof, share };
    let peers = peers.into_iter().map(one).collect();
    let making = vector_dkg::Making { me, threshold, polynomial, commitments, peers };
    vector_dkg::make(Suite::named(suite).map_err(told)?, &making).map_err(told)
}

fn refuse(fault: taproot::Fault) -> PyErr {
    PyValueError::new_err(fault.text())
}

#[pyfunction]
#[pyo3(signature = (key, message, signature, /))]
fn bip340_verify(key: [u8; 32], message: &[u8], signature: [u8; 64]) -> Option<&'static str> {
    taproot::verify(&key, message, &signature).err().map(taproot::Fault::text)
}

#[pyfunction]
#[pyo3(signature = (secret, message, auxiliary, /))]
fn bip340_sign(secret: [u8; 32], message: &[u8], auxiliary: [u8; 32]) -> PyResult<(Vec<u8>, Vec<u8>)> {
    let (signature, key) = taproot::sign(&Zeroizing::new(secret), message, &auxiliary).map_err(refuse)?;
    Ok((signature.to_vec(), key.to_vec()))
}

#[pyfunction]
#[pyo3(signature = (key, root, /))]
fn taproot_output_key(key: [u8; 32], root: Option<[u8; 32]>) -> PyResult<Vec<u8>> {
    taproot::output_key(&key, root.as_ref()).map(Vec::from).map_err(refuse)
}

#[pyfunction]
#[pyo3(signature = (key, network, /))]
fn taproot_address(key: [u8; 32], network: &str) -> PyResult<String> {
    taproot::address(&key, network).map_err(refuse)
}

/// (script, P2SH address, P2WSH address)
#[pyfunction]
#[pyo3(signature = (needed, keys, version, network, /))]
fn multisig_script(needed: u8, keys: Vec<Vec<u8>>, version: u8, network: &str) -> PyResult<(Vec<u8>, String, String)> {
    let refuse = |fault: multisig::Fault| PyValueError::new_err(fault.text());
    let script = multisig::script(needed, &keys).map_err(refuse)?;
    let segwit = multisig::p2wsh(&script, network).map_err(refuse)?;
    let address = multisig::p2sh(&script, version);
    Ok((script, address, segwit))
}

#[pyfunction]
#[pyo3(signature = (secret, hash, /))]
fn multisig_sign(secret: [u8; 32], hash: [u8; 32]) -> PyResult<Vec<u8>> {
    multisig::sign(&Zeroizing::new(secret), &hash).map_err(|fault| PyValueError::new_err(fault.text()))
}

/// The witness: an empty item, the signatures, the script.
#[pyfunction]
#[pyo3(signature = (script, hash, signatures, /))]
fn multisig_combine(script: &[u8], hash: [u8; 32], signatures: Vec<Vec<u8>>) -> PyResult<Vec<Vec<u8>>> {
    multisig::combine(script, &hash, &signatures).map_err(|fault| PyValueError::new_err(fault.text()))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("FrostRefused", m.py().get_type::<FrostRefused>())?;
    m.add_class::<FrostNonces>()?;
    m.add_class::<FrostSecret>()?;
    m.add_function(wrap_pyfunction!(frost_dkg_part1, m)?)?;
    m.add_function(wrap_pyfunction!(frost_dkg_part2, m)?)?;
    m.add_function(wrap_pyfunction!(frost_dkg_part3, m)?)?;
    m.add_function(wrap_pyfunction!(frost_refresh_part1, m)?)?;
    m.add_function(wrap_pyfunction!(frost_refresh_part2, m)?)?;
    m.add_function(wrap_pyfunction!(frost_refresh_part3, m)?)?;
    m.add_function(wrap_pyfunction!(frost_repair_part1, m)?)?;
    m.add_function(wrap_pyfunction!(frost_repair_part2, m)?)?;
    m.add_function(wrap_pyfunction!(frost_repair_part3, m)?)?;
    m.add_function(wrap_pyfunction!(frost_commit, m)?)?;
    m.add_function(wrap_pyfunction!(frost_sign, m)?)?;
    m.add_function(wrap_pyfunction!(frost_aggregate, m)?)?;
    m.add_function(wrap_pyfunction!(frost_verify, m)?)?;
    m.add_function(wrap_pyfunction!(frost_known, m)?)?;
    m.add_function(wrap_pyfunction!(frost_vector, m)?)?;
    m.add_function(wrap_pyfunction!(frost_vector_dkg, m)?)?;
    m.add_function(wrap_pyfunction!(bip340_verify, m)?)?;
    m.add_function(wrap_pyfunction!(bip340_sign, m)?)?;
    m.add_function(wrap_pyfunction!(taproot_output_key, m)?)?;
    m.add_function(wrap_pyfunction!(taproot_address, m)?)?;
    m.add_function(wrap_pyfunction!(multisig_sign, m)?)?;
    m.add_function(wrap_pyfunction!(multisig_combine, m)?)?;
    m.add_function(wrap_pyfunction!(multisig_script, m)?)
}
