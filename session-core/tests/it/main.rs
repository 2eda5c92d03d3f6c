//! What must hold of the whole core, seen from outside.

mod clock;
mod leaks;
mod session;
