// Package ssl is nginx's ngx_http_ssl_module: TLS towards clients.
//
//	server {
//		listen 443 ssl;
//		ssl_certificate     /etc/ssl/example.crt;
//		ssl_certificate_key /etc/ssl/example.key;
//	}
//
// It turns a server's directives into a [front.TLS], with the settings that
// package tlsconf makes of their texts; package front makes the handshakes.
// Certificates are loaded once for all servers that name them.
//
// # What differs from nginx over OpenSSL
//
//   - A session is resumed by the server that SNI names, not by the default
//     server of the address.
//   - ssl_prefer_server_ciphers and the order in ssl_ciphers and ssl_ecdh_curve
//     have no effect: crypto/tls uses a fixed order.
//   - ssl_dhparam is checked and has no effect; there is no finite-field
//     Diffie-Hellman.
//   - ssl_early_data and ssl_certificate_compression are ignored
//     with a warning; ssl_ocsp is refused.
//   - $ssl_session_id is a digest of the ticket the client came with, and has no
//     value in a new session.
//   - $ssl_early_data, $ssl_sigalg, $ssl_client_sigalg and
//     $ssl_ech_outer_server_name have no value.
//   - ssl_conf_command supports Protocol, MinProtocol, MaxProtocol, CipherString,
//     Curves, Groups, Certificate, PrivateKey, DHParameters, of Options
//     SessionTicket, and Ciphersuites where all suites are listed.
//
// ssl_key_log, which nginx has in its commercial version, writes the secrets of
// handshakes in the SSLKEYLOGFILE format.
package ssl
