// Package linked has a doubly linked list whose links are in the elements: to add and to remove an element allocates nothing.
//
//	type waiter struct {
//		linked.Links[waiter]
//		...
//	}
//
//	var queue linked.List[waiter, *waiter]
//	queue.PushBack(w)
//	for w := queue.First(); w != nil; w = w.Next() { ... }
//	queue.Remove(w)
//
// An element is in one list at a time. The owner of a list guards it and its elements with a lock.
package linked
