"""Makes the Python code of the gRPC service from its .proto with grpcio-tools. With --check: exit 1 if it differs."""

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = Path("isthmus/gateways/grpc/isthmus.proto")
MADE = ("isthmus_pb2.py", "isthmus_pb2.pyi", "isthmus_pb2_grpc.py")


def make(folder: Path) -> list[Path]:
    """The files, made below the folder."""
    source, well_known = ROOT / "src", Path(protoc.__file__).parent / "_proto"
    options = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(["protoc", f"-I{source}", f"-I{well_known}", *options, str(source / PROTO)]) != 0:
        raise SystemExit(1)
    return [folder / PROTO.parent / name for name in MADE]


def main() -> int:
    """Writes them, or compares."""
    if "--check" not in sys.argv[1:]:
        make(ROOT / "src")
        return 0
    with tempfile.TemporaryDirectory() as name:
        made = make(Path(name))
        other = [
            path.name for path in made if path.read_bytes() != (ROOT / "src" / PROTO.parent / path.name).read_bytes()
        ]
    for name in other:
        print(f"{name} is not what {PROTO} makes: python tools/grpc_code.py", file=sys.stderr)
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
