/// <reference types="varve/projections" />
// The amount of each order, and an event for the large ones.
fromCategory("order")
	.foreachStream()
	.when({
		$init() {
			return { total: 0, isLarge: false };
		},
		OrderPlaced(s, e) {
			s.total += e.body.amount;
			if (s.total > 100 && !s.isLarge) {
				s.isLarge = true;
				emit("large-orders", "LargeOrder", { order: e.streamId, total: s.total });
			}
		},
		$deleted(s, _event, partition, isSoft) {
			log(partition, isSoft);
			s.total = 0;
		},
	})
	.transformBy((s) => ({ total: s.total }))
	.outputState();
