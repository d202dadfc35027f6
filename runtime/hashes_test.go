package runtime

import (
	"fmt"
	"strings"
	"testing"
)

// TestHashes: names that nginx's tables would not hold are refused or warned of, also
// where the configuration itself gives no names. The texts are nginx's.
func TestHashes(t *testing.T) {
	none := func(table string) string {
		return fmt.Sprintf("could not build %s_hash, you should increase %[1]s_hash_max_size: 0", table)
	}
	bucket := func(table string) string {
		return fmt.Sprintf("could not build %s_hash, you should increase %[1]s_hash_bucket_size: 0", table)
	}
	full := func(table string, size int) string {
		return fmt.Sprintf("could not build optimal %s_hash, you should increase either %[1]s_hash_max_size: %d"+
			" or %[1]s_hash_bucket_size: 64; ignoring %[1]s_hash_bucket_size", table, size)
	}
	var fields, maps strings.Builder
	for i := range 60 {
		fmt.Fprintf(&fields, " proxy_set_header X-Name-%d a;", i)
	}
	for i := range 1000 {
		fmt.Fprintf(&maps, " map $uri $v%d { a b; }", i)
	}
	var hide strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&hide, " uwsgi_hide_header X-Name-%d;", i)
	}
	const headers = "proxy_headers"
	long := "_hide_header " + strings.Repeat("x", 47) + ";" // a byte more than there is room for
	small := func(prefix string) []string {
		return []string{fmt.Sprintf("could not build %s_hide_headers_hash, you should increase %[1]s_hide_headers_hash_bucket_size: 64", prefix)}
	}
	for _, c := range []struct {
		name, http, server, location string
		want                         []string
	}{
		{"no room", "proxy_headers_hash_max_size 0;", "", "", []string{none(headers)}},
		{"no room in a server", "", "proxy_headers_hash_max_size 0;", "", []string{none(headers)}},
		{"no room in a location that has its server's tables", "", "", "proxy_headers_hash_max_size 0;", nil},
		{"no room in a location with a list", "", "", "proxy_headers_hash_max_size 0; proxy_set_header A b;", []string{none(headers)}},
		{"no room in a location that hides a field", "", "", "proxy_headers_hash_max_size 0; proxy_hide_header A;", []string{none(headers)}},
		{"buckets for nothing", "proxy_headers_hash_bucket_size 0;", "", "", []string{bucket(headers)}},
		{
			"buckets too large", "proxy_headers_hash_bucket_size 70000;", "", "",
			[]string{"could not build proxy_headers_hash, too large proxy_headers_hash_bucket_size: 70016"},
		},
		{"one bucket", "proxy_headers_hash_max_size 1;", "", "", []string{full(headers, 1), full(headers, 1)}},
		{
			"lists of their own", "proxy_headers_hash_max_size 1;", "proxy_set_header A b;", "proxy_set_header A b;",
			[]string{full(headers, 1), full(headers, 1), full(headers, 1)},
		},
		{"few buckets", "", "", "proxy_headers_hash_max_size 5; proxy_pass_header Date; proxy_pass http://127.0.0.1:1;", []string{full(headers, 5)}},
		{"buckets enough", "proxy_headers_hash_max_size 20;", "", "proxy_pass http://127.0.0.1:1;", nil},
		{"many fields", "", "", fields.String() + " proxy_headers_hash_max_size 40;", []string{full(headers, 40)}},
		{"room for many fields", "", "", fields.String(), nil},
		{"a long name of a hidden field", "fastcgi" + long, "", "", small("fastcgi")},
		{"... in a server", "", "uwsgi" + long, "", small("uwsgi")},
		{"... in a location", "", "", "scgi" + long, small("scgi")},
		{"... that fits", "", "", strings.Replace("scgi"+long, "x", "", 1), nil},
		{"... of gRPC", "", "", "grpc" + long, []string{"could not build grpc_headers_hash, you should increase grpc_headers_hash_bucket_size: 64"}},
		{"a long name of a field that is set", "", "grpc_set_header " + strings.Repeat("x", 47) + " a;", "", []string{"could not build grpc_headers_hash, you should increase grpc_headers_hash_bucket_size: 64"}},
		{"... that is passed", "fastcgi" + long + strings.Replace("fastcgi"+long, "hide", "pass", 1), "", "", nil},
		{"... that no server has", "fastcgi" + long, "fastcgi_hide_header a;", "", nil},
		{"many hidden fields", "", hide.String(), "", []string{full("uwsgi_hide_headers", 512)}},
		{"no room for variables", "variables_hash_max_size 0;", "", "", []string{none("variables")}},
		{"buckets for no variable", "variables_hash_bucket_size 0;", "", "", []string{bucket("variables")}},
		{"few buckets for variables", "variables_hash_max_size 20;", "", "", []string{full("variables", 20)}},
		{"many variables", maps.String(), "", "", []string{full("variables", 1024)}},
		{"room for many variables", maps.String() + "variables_hash_max_size 4096;", "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := write(t, "events {} http { "+c.http+" server { listen 127.0.0.1:1; "+c.server+" location / { "+c.location+" } } }")
			change := newHost().Load(o, nil)
			got := change.Config.Warnings()
			if err := change.Err(); err != nil {
				got = append(got, err.Error())
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}
