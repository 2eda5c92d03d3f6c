//! Servers that misbehave: the error is typed, tells phase and URL, comes in time, and the session works afterwards.
