//! What `isthmus bench engine` times inside Rust: the engine's parts in memory, beside two yardstick books.
pub mod array_book;
pub mod clock;
pub mod core_books;
pub mod fix_orders;
pub mod flow;
pub mod latency;
pub mod market;
pub mod plain_book;
pub mod purge;
pub mod revalue;
pub mod rounds;
pub mod route;
pub mod scale;
pub mod shared_memory;
pub mod wire;
pub mod workload;
