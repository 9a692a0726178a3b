// Three single faults of client.js, to see what a run says of them: node adapter.js --mutant secondRecordLost
'use strict'
const { Client } = require('./client')

exports.secondRecordLost = class extends Client {
  batch (header, bytes, at) {
    let count = 0
    const toQuery = this.toQuery
    this.toQuery = (...message) => { if (count++ !== 1) toQuery.apply(this, message) }
    super.batch(header, bytes, at)
    delete this.toQuery
  }
}

exports.failuresSwallowed = class extends Client {
  ack (header) {
    super.ack({ ...header, status: 'success' })
  }
}

exports.deliversAfterUnsubscribe = class extends Client {
  unsubscribe (subId) {
    const kept = new Map(this.subscriptions)
    super.unsubscribe(subId)
    this.subscriptions = kept
  }
}
