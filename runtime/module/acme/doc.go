// Package acme is nginx's ngx_http_acme_module: certificates that the server obtains and renews
// by itself, from a certificate authority (CA) that speaks ACME (RFC 8555).
//
//	acme_issuer example {
//		uri     https://acme.example.com/directory;
//		contact admin@example.com;
//		accept_terms_of_service;
//	}
//	server {
//		listen 80; # the CA looks here, with http-01
//	}
//	server {
//		listen 443 ssl;
//		server_name example.com www.example.com;
//		acme_certificate    example;
//		ssl_certificate     $acme_certificate;
//		ssl_certificate_key $acme_certificate_key;
//	}
//
// The issuer letsencrypt exists without a block, with the settings
//
//	acme_issuer letsencrypt {
//		uri https://acme-v02.api.letsencrypt.org/directory;
//		accept_terms_of_service;
//	}
//
// A block of that name takes its place.
//
// The package has the directives and variables, answers http-01 before the location is chosen, in every
// server and on every port as nginx does, and tells package front how to answer tls-alpn-01. What
// it wants is an [acme.Plan], which the process obtains in the background (package acme/issue). Until
// there is a certificate the server shows one that signs itself.
//
// Where both variables stand alone in their directives a handshake takes the certificate as it is
// kept; ssl_certificate_cache is of no use then. Anywhere else they are data: and PEM.
//
// # What differs from nginx
//
//   - A server without a certificate yet shows a stand-in; nginx fails the handshake.
//   - resolver is not required: without it the system's is used.
//   - Attempts after failures are closer together, see docs/adr/0050.
//   - In the process that clients reach there is no account key.
//   - The issuer letsencrypt is built in.
//   - acme_shared_zone is checked and has no effect.
//   - Two issuers cannot share a state_path.
//   - The keys of account_key and external_account_key are read after the syntax was checked, since the
//     worker does not get them: what is wrong with them is reported after other errors.
//
// # acme_hook
//
// The directive is Angie's. With it an issuer may use dns-01, which nginx's module does not have, and
// certificates may have wildcard names:
//
//	acme_issuer dns { uri https://acme.example.com/directory; challenge dns-01; }
//	server {
//		server_name *.example.com;
//		acme_certificate dns;
//		location @dns {
//			acme_hook dns uri=/?do=$acme_hook_name&name=_acme-challenge.$acme_hook_domain&text=$acme_hook_keyauth;
//			proxy_pass http://127.0.0.1:8000;
//		}
//	}
//
// A request of the server's own runs in the location, which has to lead to an application that adds a TXT
// record (the name of the hook is add) and later removes it (remove). The application answers with 2xx when it has
// done so, and clients of the DNS see it; it may take five minutes. $acme_hook_client is the issuer,
// $acme_hook_challenge is dns, $acme_hook_token the token of the challenge. In requests of clients the variables have no value. A
// worker that takes the place of another one calls the hooks of challenges under way again.
//
// # Not supported
//
// acme_hook for other challenges than dns-01.
package acme
