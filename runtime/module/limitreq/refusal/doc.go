// Package refusal has what limit_req and limit_conn have in common for a request above a
// limit: the log level and the status of the refusal, the dry run, and the variable with
// the result.
//
//	s := refusal.Defaults(refusal.Define(b, "limit_req_status"))
//	s.Bind(t, "limit_req")
//	...
//	return s.Reject(r)
package refusal
