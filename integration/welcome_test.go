package integration

import "testing"

// TestWelcome opens the welcome page over HTTPS in a browser: it comes with its style, and the console stays empty.
func TestWelcome(t *testing.T) {
	c := shippedCase(t)
	c.Name = "welcome"
	srv, err := lab.Serve(t.Context(), c, lab.Tested)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the browser has closed its connections
		if err := srv.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := startBrowser(t)
	if err := b.open("https://" + srv.Addr(2) + "/"); err != nil {
		t.Fatal(err)
	}
	for _, is := range []struct{ what, expression, want string }{
		{"title", "document.title", "Sluice is running"},
		{"heading", "document.querySelector('h1').textContent", "Sluice is running"},
		{"style", "document.styleSheets[0].cssRules.length > 10", "true"},
		{"parts from elsewhere", "performance.getEntriesByType('resource').filter(r => !r.name.startsWith(location.origin)).length", "0"},
		{"security", "isSecureContext", "true"},
	} {
		got, err := b.eval(is.expression)
		if err != nil {
			t.Error(err)
		} else if got != is.want {
			t.Errorf("%s: %s, want %s", is.what, got, is.want)
		}
	}
	for _, c := range b.complaints {
		t.Errorf("the browser complains: %s", c)
	}
}
