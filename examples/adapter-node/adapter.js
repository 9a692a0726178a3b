// The adapter of client.js: commands as JSON lines on stdin, events as JSON lines on stdout (docs/write-an-adapter.md).
'use strict'
const readline = require('readline')

const LONG = { // names on the wire -> names of the documentation
  c: 'cmd', t: 'topic', cid: 'cmd_id', a: 'ack_type', k: 'sow_key', bm: 'bookmark', x: 'correlation_id', ts: 'timestamp', s: 'seq',
  lp: 'leaseperiod', o: 'opts', l: 'msg_len'
}

const BOOKMARKS = { EPOCH: '0', NOW: '0|1|', MOST_RECENT: '0' } // without a bookmark store

function say (event) {
  process.stdout.write(JSON.stringify(event) + '\n')
}

function message (header, body) {
  const named = Object.fromEntries(Object.entries(header).map(([key, value]) => [LONG[key] || key, value]))
  return { header: named, data: body.toString('base64') }
}

// Drive clients of this class until the input ends.
function run (Client) {
  const clients = new Map()

  const calls = {
    client ({ client, name, raise_in: raiseIn = [] }) {
      const made = new Client(name)
      made.lastChance = (header, body) => {
        say({ event: 'last_chance', client, message: message(header, body) })
        if (raiseIn.includes('last_chance')) throw new Error('as the harness wants it')
      }
      made.disconnected = () => say({ event: 'disconnected', client })
      made.failed = (error) => say({ event: 'exception', client, text: String(error.message) })
      clients.set(client, made)
    },
    connect: (client, { uri }) => client.connect(uri),
    logon: (client, { timeout_ms: timeout, options, correlation_id: correlationId }) => client.logon({ timeout, options, correlationId }),
    version: async (client) => ({ value: client.serverVersion }),
    publish: (client, command) => publish(client, command),
    delta_publish: (client, command) => publish(client, command),
    unsubscribe: (client, { sub_id: subId }) => client.unsubscribe(subId),
    flush: (client, { timeout_ms: timeout, ack_type: ackType }) => client.flush({ timeout, ackType }),
    close: (client) => client.close(),
    async sow_delete (client, { topic, filter, keys, data, timeout_ms: timeout }) {
      const ack = await client.sowDelete(topic, { filter, keys, data: Buffer.from(data || '', 'base64'), timeout })
      return { message: message(ack, Buffer.alloc(0)) }
    }
  }

  function publish (client, { do: command, topic, data, expiration, sow_key: sowKey, correlation_id: correlationId }) {
    client.publish(topic, Buffer.from(data, 'base64'), { command, expiration, sowKey, correlationId })
  }

  async function request (client, { client: name, do: command, topic, handler, raise_on: raiseOn = [], timeout_ms: timeout, ...more }) {
    let count = 0
    const handle = (header, body) => {
      say({ event: 'message', client: name, handler, message: message(header, body) })
      count += 1
      if (raiseOn.includes(count)) throw new Error('as the harness wants it')
    }
    const { command_id: id, sub_id: subId, batch_size: batchSize, top_n: topN, orderby: orderBy, acks, filter, options } = more
    const bookmark = BOOKMARKS[more.bookmark] || more.bookmark
    return { value: await client.request(command, topic, handle, { id, subId, batchSize, topN, orderBy, acks, filter, options, bookmark, timeout }) }
  }

  const requests = ['subscribe', 'delta_subscribe', 'sow', 'sow_and_subscribe', 'sow_and_delta_subscribe']

  async function execute (command) {
    if (command.do === 'hello') {
      const features = ['client', 'client-async', 'client-tcp', 'delta', 'explicit-key', 'replace', 'oof']
      return say({ event: 'hello', id: command.id, protocol: 1, name: 'example client', version: '1', language: 'javascript', features })
    }
    try {
      let result
      if (command.do === 'reset') {
        for (const client of clients.values()) client.close()
        clients.clear()
      } else if (command.do === 'client') calls.client(command)
      else if (requests.includes(command.do)) result = await request(clients.get(command.client), command)
      else result = await calls[command.do](clients.get(command.client), command)
      say({ event: 'returned', id: command.id, ...result })
    } catch (error) {
      say({ event: 'raised', id: command.id, error: error.name, text: String(error.message) })
    }
  }

  readline.createInterface({ input: process.stdin }).on('line', (line) => execute(JSON.parse(line))).on('close', () => process.exit())
}

module.exports = { run }

if (require.main === module) {
  const [option, name] = process.argv.slice(2)
  run(option === '--mutant' ? require('./mutants')[name] : require('./client').Client)
}
