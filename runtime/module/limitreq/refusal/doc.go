// Package refusal is what limit_req and limit_conn do alike with a request that
// is over a limit: the level and the status of the refusal, the dry run, and the
// variable that tells how it went.
//
//	s := refusal.Defaults(refusal.Define(b, "limit_req_status"))
//	s.Bind(t, "limit_req")
//	...
//	return s.Reject(r)
package refusal
