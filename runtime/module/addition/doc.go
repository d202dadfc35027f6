// Package addition is nginx's ngx_http_addition_module: the responses of other
// locations are put before and after a response.
//
//	location / {
//		add_before_body /header.html;
//		add_after_body  /footer.html;
//		addition_types  text/html text/plain;
//	}
//
// Both subrequests run while the response itself is sent, and their output takes its
// place in it. They are added to responses with status 200 and a type of
// addition_types.
//
// Not supported: nothing that nginx has.
package addition
