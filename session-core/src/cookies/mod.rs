//! Cookies by RFC 6265bis: what is accepted, what is held, what is sent, and why.
