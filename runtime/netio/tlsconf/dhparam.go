package tlsconf

// CheckDHParam reads ssl_dhparam as far as to report, in nginx's words, a file
// that is missing or holds no parameters. They have no effect: crypto/tls has no
// finite-field Diffie-Hellman.
func CheckDHParam(read ReadFile, name string) error {
	data, queue, err := read.pem(name, "r")
	if err != nil {
		return &Error{Op: `BIO_new_file("` + name + `") failed`, Queue: queue, Cause: err}
	}
	op := `PEM_read_bio_DHparams("` + name + `") failed`
	for {
		block, rest, ok, err := nextPEM(data)
		switch {
		case !ok:
			return &Error{Op: op, Queue: []string{errNoStartLine + "DH PARAMETERS"}}
		case err != nil:
			return &Error{Op: op, Queue: []string{pemQueue(err)}, Cause: err}
		case block.label == "DH PARAMETERS" || block.label == "X9.42 DH PARAMETERS":
			return nil
		}
		data = rest
	}
}
