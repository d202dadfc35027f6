package conf

// Layout is where the files of an installed server are unless the command line or a directive says otherwise: what nginx
// takes from the --*-path arguments of its configure script. Relative paths start at the prefix in effect.
type Layout struct {
	Name      string // "nginx" or "debian"
	Prefix    string // -p, with a trailing slash
	Conf      string // -c
	Modules   string // where dynamic modules would be
	ErrorLog  string // -e and error_log
	AccessLog string // access_log
	PID       string // pid
	Lock      string // lock_file

	ClientBodyTemp string // client_body_temp_path
	ProxyTemp      string // proxy_temp_path
	FastCGITemp    string // fastcgi_temp_path
	UwsgiTemp      string // uwsgi_temp_path
	ScgiTemp       string // scgi_temp_path

	ACMEState string // state_path of an acme_issuer, without the name at the end
}

// NginxLayout is that of an nginx built from source: everything below one folder.
func NginxLayout() Layout {
	return Layout{
		Name:           "nginx",
		Prefix:         "/usr/local/nginx/",
		Conf:           "conf/nginx.conf",
		Modules:        "modules",
		ErrorLog:       "logs/error.log",
		AccessLog:      "logs/access.log",
		PID:            "logs/nginx.pid",
		Lock:           "logs/nginx.lock",
		ClientBodyTemp: "client_body_temp",
		ProxyTemp:      "proxy_temp",
		FastCGITemp:    "fastcgi_temp",
		UwsgiTemp:      "uwsgi_temp",
		ScgiTemp:       "scgi_temp",
		ACMEState:      "acme_",
	}
}

// DebianLayout is that of Debian's and Ubuntu's packages of nginx.
func DebianLayout() Layout {
	return Layout{
		Name:           "debian",
		Prefix:         "/usr/share/nginx/",
		Conf:           "/etc/nginx/nginx.conf",
		Modules:        "/usr/lib/nginx/modules",
		ErrorLog:       "/var/log/nginx/error.log",
		AccessLog:      "/var/log/nginx/access.log",
		PID:            "/run/nginx.pid",
		Lock:           "/var/lock/nginx.lock",
		ClientBodyTemp: "/var/lib/nginx/body",
		ProxyTemp:      "/var/lib/nginx/proxy",
		FastCGITemp:    "/var/lib/nginx/fastcgi",
		UwsgiTemp:      "/var/lib/nginx/uwsgi",
		ScgiTemp:       "/var/lib/nginx/scgi",
		ACMEState:      "/var/lib/nginx/acme_",
	}
}

// LayoutNamed finds a layout by its Name.
func LayoutNamed(name string) (Layout, bool) {
	switch name {
	case "nginx":
		return NginxLayout(), true
	case "debian":
		return DebianLayout(), true
	}
	return Layout{}, false
}
