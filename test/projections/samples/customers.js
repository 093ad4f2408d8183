/// <reference types="varve/projections" />
// A state for each customer, and one that all share.
fromStreams("shop", "office")
	.partitionBy((e) => e.body.customer)
	.when({
		$init: () => ({ orders: 0 }),
		$initShared: () => ({ orders: 0 }),
		OrderPlaced(s, e) {
			s[0].orders++;
			s[1].orders++;
			linkTo(`orders-of-${e.partition}`, e);
			return s;
		},
	})
	.filterBy(([own]) => own.orders > 1);
