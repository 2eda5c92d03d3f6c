//! HTTP/1.1 on the wire, seen by a client: bytes in, events out.
