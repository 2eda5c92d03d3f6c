//! Credentials: what they are, where they come from and how they are written into a field.
