//! Patterns for the paths that a fault is about.

/// `*` matches within a segment, `**` across segments. Linear in practice: it
/// remembers only the last star of each kind.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut narrow: Option<(usize, usize)> = None;
    let mut wide: Option<(usize, usize)> = None;
    loop {
        if pattern[p..].starts_with(b"**") {
            p += 2;
            wide = Some((p, t));
            narrow = None;
            continue;
        }
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            narrow = Some((p, t));
            continue;
        }
        if t == text.len() && p == pattern.len() {
            return true;
        }
        if t < text.len() && pattern.get(p) == Some(&text[t]) {
            (p, t) = (p + 1, t + 1);
            continue;
        }
        match (narrow, wide) {
            (Some((np, nt)), _) if nt < text.len() && text[nt] != b'/' => {
                narrow = Some((np, nt + 1));
                (p, t) = (np, nt + 1);
            }
            (_, Some((wp, wt))) if wt < text.len() => {
                narrow = None;
                wide = Some((wp, wt + 1));
                (p, t) = (wp, wt + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    fn fits(pattern: &str, text: &str) -> bool {
        glob(pattern.as_bytes(), text.as_bytes())
    }

    #[test]
    fn a_star_stays_within_its_segment() {
        assert!(fits("/v1.0/users/*/events", "/v1.0/users/a%40b/events"));
        assert!(!fits("/v1.0/users/*/events", "/v1.0/users/a/b/events"));
        assert!(!fits("/v1.0/users/*/events", "/v1.0/users/a/events/x"));
        assert!(fits("/v1.0/users/*", "/v1.0/users/"));
    }

    #[test]
    fn two_stars_cross_segments() {
        assert!(fits("**/events", "/v1.0/users/a/events"));
        assert!(fits("/v1.0/**/cancel", "/v1.0/users/a/events/x/cancel"));
        assert!(fits("**/events/*/cancel", "/users/events/events/x/cancel"));
        assert!(!fits("**/cancel", "/v1.0/users/a/events/cancel/x"));
    }
}
