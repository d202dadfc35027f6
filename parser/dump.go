package parser

import "io"

// Dump writes files as nginx -T prints them, in their order, which should be that
// in which they were opened: each under the line
// "# configuration file /etc/nginx/nginx.conf:" and with a line feed behind it.
// A name that occurs again is left out.
func Dump(w io.Writer, files []*File) error {
	seen := make(map[string]bool, len(files))
	for _, f := range files {
		if f.Param || seen[f.Path] {
			continue
		}
		seen[f.Path] = true
		if _, err := io.WriteString(w, "# configuration file "+f.Path+":\n"); err != nil {
			return err
		}
		if _, err := w.Write(f.Data); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
	}
	return nil
}
