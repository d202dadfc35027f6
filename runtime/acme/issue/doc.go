// Package issue obtains certificates from certificate authorities with ACME (RFC 8555) and renews
// them. It stands for the part of nginx's ngx_http_acme_module that works in the background.
//
//	m := issue.NewManager(issue.Options{Table: table, Log: host.Log})
//	err := m.Prepare(plan) // before it serves: folders, and what was obtained before
//	m.Apply(plan)          // when it serves, and nil when nothing is to be asked any more
//	m.Close()
//
// An issuer of the plan is a runner (runner.go): it holds the lock of the state folder
// (store.go), and the account (account.go). Each of its orders is a job (job.go): a goroutine that
// waits until a certificate is due, obtains it (obtain.go) and puts it into the [acme.Table]. At
// most four jobs of an issuer ask at a time.
//
// # When a certificate is renewed
//
// At two thirds of its lifetime, or at half of it where that is ten days or less, give or take 2%;
// where the CA has renewal information (RFC 9773), at a random time in the window that it
// suggests. After a failure a job waits, see [retryDelay]; a Retry-After of the CA counts up to a
// day. An error that the configuration has to remove ends the job until a configuration is applied
// again.
//
// # Bounds
//
// A response of a CA has at most 1 MB and takes at most a minute (transport.go); a certificate is
// obtained within 10 minutes. The memory of an issuer is bounded by that and by its orders.
//
// Nothing here is on the path of a request, so net/http is used.
package issue
