// Package acme has the values of automatic certificates (RFC 8555): which certificates a
// configuration wants, and what is served of them. It stands for the data of nginx's
// ngx_http_acme_module.
//
// A [Plan] is what the configuration says: issuers, and the orders of each. A [Table] is
// what servers and handshakes look into: the certificate of each order, and the answers
// to the challenges of the certificate authority (CA).
//
//	table := acme.NewTable()
//	entry := table.Entry(order)       // of a server with acme_certificate
//	cfg.GetCertificate = entry.Get    // a stand-in until there is a certificate
//	answer, ok := table.HTTP(token)   // http-01
//	cfg := table.ALPN(hello)          // tls-alpn-01; nil for other handshakes
//
// Package issue fills a Table. In a worker the Table is filled with what the master sends,
// see docs/adr/0050.
package acme
