package cache

// Meta is what is kept beside a response. ETag and Vary belong to the code that made them; in an
// [Entry] they are valid until it is closed.
type Meta struct {
	Freshness
	Status       int   // of the response
	ToHead       bool  // it was the response to a HEAD request: without a body it serves no other one
	LastModified int64 // Unix seconds, -1: not known
	ETag         []byte
	Vary         []byte // the field's value; a longer one than MaxVary is not kept
	Variant      Key    // the hash of the request's fields that Vary names, where it names any
}

// Freshness is the part of Meta that revalidation changes. Times are Unix seconds.
type Freshness struct {
	Valid    int64 // fresh until then
	Date     int64 // when the response was received, or validated
	Updating int64 // seconds after Valid in which it may be used while it is updated
	Error    int64 // seconds after Valid in which it may be used when the peer fails
}

// The longest texts that are kept beside a response, as in nginx: a longer ETag is
// dropped, and a response with a longer Vary is not to be stored.
const (
	MaxETag = 128
	MaxVary = 128
)

// StaleUpdating reports whether an entry that was valid until f.Valid may be used at now
// while it is updated, as the response itself has said (stale-while-revalidate).
func (f *Freshness) StaleUpdating(now int64) bool { return f.Valid < now && f.Valid+f.Updating >= now }

// StaleError is StaleUpdating for stale-if-error.
func (f *Freshness) StaleError(now int64) bool { return f.Valid < now && f.Valid+f.Error >= now }
