package tlsconf
