package regex

import "strconv"

// MatchError is a negative return code of pcre2_match other than "no match".
type MatchError int

const (
	// ErrBadUTF8 (PCRE2_ERROR_UTF8_ERR1 and the following): the pattern begins with (*UTF) and the subject is not UTF-8.
	ErrBadUTF8 MatchError = -3
	// ErrMatchLimit (PCRE2_ERROR_MATCHLIMIT): the match took more than ten million steps.
	ErrMatchLimit MatchError = -47
	// ErrRecursionLoop (PCRE2_ERROR_RECURSELOOP): a group called itself without having moved on.
	ErrRecursionLoop MatchError = -52
	// ErrDepthLimit (PCRE2_ERROR_DEPTHLIMIT): backtracking or recursion went deeper than is allowed.
	ErrDepthLimit MatchError = -53
)

// Error is the first part of nginx's log line: pcre2_match() failed: -47.
func (e MatchError) Error() string { return "pcre2_match() failed: " + strconv.Itoa(int(e)) }

// SyntaxError says why a pattern cannot be compiled.
type SyntaxError struct {
	Pattern string
	Reason  string // PCRE2's message
	Offset  int    // the byte at which PCRE2 stops reading
}

// Error is nginx's message: pcre2_compile() failed: <reason> in "<pattern>" at "<rest>".
func (e *SyntaxError) Error() string {
	msg := "pcre2_compile() failed: " + e.Reason + ` in "` + e.Pattern + `"`
	if e.Offset < len(e.Pattern) {
		msg += ` at "` + e.Pattern[e.Offset:] + `"`
	}
	return msg
}

// PCRE2's compile errors, as pcre2_get_error_message words them.
const (
	errEscapeAtEnd      = `\ at end of pattern`
	errControlAtEnd     = `\c at end of pattern`
	errUnknownEscape    = `unrecognized character follows \`
	errRepeatOrder      = `numbers out of order in {} quantifier`
	errRepeatTooBig     = `number too big in {} quantifier`
	errClassUnclosed    = `missing terminating ] for character class`
	errClassEscape      = `escape sequence is invalid in character class`
	errRangeOrder       = `range out of order in character class`
	errNothingToRepeat  = `quantifier does not follow a repeatable item`
	errGroupOption      = `unrecognized character after (? or (?-`
	errPosixOutside     = `POSIX named classes are supported only within a class`
	errPosixCollating   = `POSIX collating elements are not supported`
	errMissingParen     = `missing closing parenthesis`
	errNoSuchGroup      = `reference to non-existent subpattern`
	errCommentUnclosed  = `missing ) after (?# comment`
	errTooDeep          = `parentheses are too deeply nested`
	errTooLarge         = `regular expression is too large`
	errUnmatchedParen   = `unmatched closing parenthesis`
	errCondUnclosed     = `missing closing parenthesis for condition`
	errLookbehindLength = `lookbehind assertion is not fixed length`
	errRelativeZero     = `a relative value of zero is not allowed`
	errCondBranches     = `conditional subpattern contains more than two branches`
	errCondAssertion    = `assertion expected after (?( or (?(?C)`
	errCallDigit        = `digit expected after (?+ or (?-`
	errPosixUnknown     = `unknown POSIX class name`
	errCodePointBig     = `character code point value in \x{} or \o{} is too large`
	errEscapeLU         = `PCRE2 does not support \F, \L, \l, \N{name}, \U, or \u`
	errCalloutNumber    = `number after (?C is greater than 255`
	errCalloutUnclosed  = `closing parenthesis for (?C expected`
	errGroupP           = `unrecognized character after (?P`
	errNameSyntax       = `syntax error in subpattern name (missing terminator?)`
	errNameTwice        = `two named subpatterns have the same name (PCRE2_DUPNAMES not set)`
	errNameDigit        = `subpattern name must start with a non-digit`
	errPropertySyntax   = `malformed \P or \p sequence`
	errPropertyUnknown  = `unknown property after \P or \p`
	errNameTooLong      = `subpattern name is too long (maximum 32 code units)`
	errRangeInvalid     = `invalid range in character class`
	errOctalTooBig      = `octal value is greater than \377 in 8-bit non-UTF-8 mode`
	errDefineBranches   = `DEFINE subpattern contains more than one branch`
	errOctalBrace       = `missing opening brace after \o`
	errGSyntax          = `\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number`
	errRecurseParen     = `(?R (recursive pattern call) must be followed by a closing parenthesis`
	errVerb             = `(*VERB) not recognized or malformed`
	errGroupNumber      = `subpattern number is too big`
	errNameExpected     = `subpattern name expected`
	errOctalDigit       = `non-octal character in \o{} (closing brace missing?)`
	errNamesDiffer      = `different names for subpatterns of the same number are not allowed`
	errMarkArgument     = `(*MARK) must have an argument`
	errHexDigit         = `non-hex character in \x{} (closing brace missing?)`
	errControlPrintable = `\c must be followed by a printable ASCII character`
	errKSyntax          = `\k is not followed by a braced, angle-bracketed, or quoted name`
	errNInClass         = `\N is not supported in a class`
	errSurrogate        = `disallowed Unicode code point (>= 0xd800 && <= 0xdfff)`
	errDigitsMissing    = `digits missing in \x{} or \o{} or \N{U+}`
	errCalloutString    = `missing terminating delimiter for callout with string argument`
	errCalloutDelimiter = `unrecognized string delimiter follows (?C`
	errNUnicode         = `\N{U+dddd} is supported only in Unicode (UTF) mode`
	errOptionHyphen     = `invalid hyphen in option setting`
	errAlphaAssertion   = `(*alpha_assertion) not recognized`
	errKeepInLook       = `\K is not allowed in lookarounds (but see PCRE2_EXTRA_ALLOW_LOOKAROUND_BSK)`
	errPatternUTF8      = `UTF-8 error: illegal byte sequence`

	// Our own: what PCRE2 knows and this package does not.
	errVerbUnsupported    = `this (*VERB) is not supported here`
	errNewlineUnsupported = `newline conventions other than (*LF) are not supported here`
)
