// Package tlsconf turns nginx's TLS directives into settings of crypto/tls. It
// is what http_ssl, stream_ssl, mail_ssl and the *_ssl_* directives towards
// upstreams share: ngx_event_openssl.c and its cache, session and stapling files.
//
// Everything here takes the text of a directive and gives a value, or an error in
// nginx's words, OpenSSL's error queue included:
//
//	ciphers, err := tlsconf.ParseCiphers("HIGH:!aNULL:!MD5")  // ssl_ciphers
//	curves, err := tlsconf.ParseCurves("X25519:prime256v1")   // ssl_ecdh_curve
//	pair, err := tlsconf.LoadCertificate(crt, key, passwords) // ssl_certificate, ssl_certificate_key
//	// cannot load certificate "/x.pem": BIO_new_file() failed (SSL: error:80000002:…)
//
// A server's configuration is put together from them:
//
//	ring := tlsconf.NewKeyring(tlsconf.Arrange([]*tls.Certificate{pair}))
//	lo, hi, holes, ok := tlsconf.DefaultProtocols.Range()     // ssl_protocols
//	cfg := &tls.Config{
//		MinVersion: lo, MaxVersion: hi,
//		CipherSuites: ciphers.IDs, CurvePreferences: curves.IDs,
//		GetCertificate: ring.Get,
//		ClientAuth: tls.RequestClientCert,                // ssl_verify_client
//	}
//	sessions := &tlsconf.Sessions{Tickets: true, Keys: keys, Timeout: 5 * time.Minute, Context: ctx}
//	sessions.Apply(cfg)                                       // ssl_session_*
//
// Client certificates are requested and never required by the handshake: nginx
// responds to an invalid one with status 400, so a Verifier verifies it after the
// handshake, with OpenSSL's codes and texts.
//
// # Not supported
//
// What crypto/tls does not have: SSLv3, finite-field Diffie-Hellman (DHE suites,
// ssl_dhparam, ffdhe groups), CCM, ARIA, Camellia, PSK and SRP suites, X448 and
// brainpool curves; an order of preference of suites and groups
// (ssl_prefer_server_ciphers); a choice among TLS 1.3 suites; holes in a range of
// protocols; session identifiers of TLS 1.2 (see Sessions) and
// $ssl_session_id; early data; the algorithm of a signature ($ssl_sigalg, which
// nginx has with OpenSSL 3.5). DSA and Ed448 keys, keys in engines and in stores
// other than files, and keys encrypted with scrypt or PBES1 cannot be loaded.
// Certificates are judged without delta and indirect CRLs, policies, or their
// OCSP status (ssl_ocsp).
// Session tickets are in Go's format: they are not exchanged with nginx.
package tlsconf
