//! TLS as this port serves it: certificate, key, and who must show a certificate of his own.
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// HTTP/1 goes first: a browser offers both, and the terminal speaks HTTP/1; gRPC offers h2 alone.
pub const ALPN_HTTP: &[u8] = b"http/1.1";
pub const ALPN_HTTP2: &[u8] = b"h2";
/// Bits of a key's mode that let others than its owner in.
const OTHERS: u32 = 0o077;

/// Why TLS cannot be served: the setting, and what is wrong with it.
#[derive(Debug)]
pub struct Unusable {
    pub field: &'static str,
    pub reason: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// Where the files are, in PEM.
pub struct Files<'a> {
    /// The server's certificate and those that lead to its authority.
    pub certificate: &'a Path,
    /// Readable by its owner only.
    pub key: &'a Path,
    /// The authority that clients' certificates must be of; none: clients need no certificate.
    pub clients: Option<&'a Path>,
}

/// A certificate with its key, ready to serve.
pub struct TlsConfig(Arc<ServerConfig>);

impl TlsConfig {
    /// Reads the files. `http2` offers HTTP/2 to those who ask for it.
    pub fn read(files: &Files<'_>, http2: bool) -> Result<Self, Unusable> {
        let chain = certificates("certificate", files.certificate)?;
        let key = private_key(files.key)?;
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("certificate", files.certificate, error))?;
        let builder = match files.clients {
            None => builder.with_no_client_auth(),
            Some(path) => builder.with_client_cert_verifier(verifier(path)?),
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| unusable("key", files.key, error))?;
        config.alpn_protocols = vec![ALPN_HTTP.to_vec()];
        if http2 {
            config.alpn_protocols.push(ALPN_HTTP2.to_vec());
        }
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn connection(&self) -> io::Result<ServerConnection> {
        ServerConnection::new(Arc::clone(&self.0)).map_err(io::Error::other)
    }
}

fn unusable(field: &'static str, path: &Path, error: impl fmt::Display) -> Unusable {
    Unusable { field, reason: format!("{}: {error}", path.display()) }
}

fn certificates(field: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let rows = CertificateDer::pem_file_iter(path).map_err(|error| unusable(field, path, error))?;
    let all: Result<Vec<_>, _> = rows.collect();
    let all = all.map_err(|error| unusable(field, path, error))?;
    if all.is_empty() { Err(unusable(field, path, "holds no certificate in PEM")) } else { Ok(all) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Unusable> {
    let mode = fs::metadata(path).map_err(|error| unusable("key", path, error))?.mode();
    if mode & OTHERS != 0 {
        let reason = format!("others than its owner may use it (mode {:03o}): chmod 600", mode & 0o777);
        return Err(unusable("key", path, reason));
    }
    PrivateKeyDer::from_pem_file(path).map_err(|error| unusable("key", path, error))
}

fn verifier(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, Unusable> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("clients", path)? {
        roots.add(certificate).map_err(|error| unusable("clients", path, error))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
        .build()
        .map_err(|error| unusable("clients", path, error))
}
