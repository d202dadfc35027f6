// Package splitclients defines variables that split clients into groups, for
// A/B tests: nginx's ngx_http_split_clients_module.
//
//	split_clients "${remote_addr}AAA" $variant {
//		0.5%  .one;
//		2.0%  .two;
//		*     "";
//	}
//
// The key is hashed with MurmurHash2; the hash falls into one of the parts in
// the order given. Hashes and parts are nginx's, so that a client stays in its
// group when one server replaces the other.
//
// Different from nginx: an item without a value is refused; nginx reads a word of the item
// before.
package splitclients
