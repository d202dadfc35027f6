package regex

import "strconv"

// MatchError is a negative return code of pcre2_match other than "no match".
type MatchError int

// ErrMatchLimit (PCRE2_ERROR_MATCHLIMIT): the match took more steps than is allowed.
const ErrMatchLimit MatchError = -47

// Error is the wording of nginx's log line up to the subject: pcre2_match() failed: -47.
func (e MatchError) Error() string { return "pcre2_match() failed: " + strconv.Itoa(int(e)) }
