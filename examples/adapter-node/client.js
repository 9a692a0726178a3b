// A small AMPS client for Node: TCP, amps protocol, no dependency. Calls return promises; handlers are called as messages come.
'use strict'
const net = require('net')

class AmpsError extends Error {
  constructor (name, text) {
    super(text)
    this.name = name
  }
}

const REASONS = {
  'authentication failure': 'AuthenticationException',
  'auth failure': 'AuthenticationException',
  'authentication disabled': 'AuthenticationException',
  'bad filter': 'BadFilterException',
  'bad regex topic': 'BadRegexTopicException',
  'regex topic not supported': 'BadRegexTopicException',
  'bad sow key': 'BadSowKeyException',
  'duplicate logon attempt': 'DuplicateLogonException',
  'invalid bookmark': 'InvalidBookmarkException',
  'invalid options': 'InvalidOptionsException',
  'invalid order by': 'InvalidOrderByException',
  'invalid subId': 'InvalidSubIdException',
  'invalid topic': 'InvalidTopicException',
  'invalid topic or filter': 'InvalidTopicException',
  'logon required': 'LogonRequiredException',
  'name in use': 'NameInUseException',
  'no topic': 'MissingFieldsException',
  'no client name': 'MissingFieldsException',
  'not entitled': 'NotEntitledException',
  'subid in use': 'SubidInUseException',
  'tx store failure': 'PublishException',
  'sow store failed': 'PublishException',
  'txn replay failed': 'ReplayFailedException'
}

const BYTES_MAX = 256 * 1024 * 1024 // the documentation says 200 MB
const OPTIONS = ['tcp_nodelay', 'tcp_sndbuf', 'tcp_rcvbuf', 'bind', 'ip_protocol_prefer', 'pretty']

// ---- headers ---------------------------------------------------------------------------------------------------------------

// Quote and backslash are escaped, all else travels as it is, in UTF-8. Fields that are not set are left out.
function writeHeader (fields) {
  const members = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '')
  return '{' + members.map(([key, value]) =>
    `"${key}":` + (typeof value === 'number' ? value : `"${String(value).replace(/["\\]/g, '\\$&')}"`)).join(',') + '}'
}

// Where the header that begins at `at` ends: behind the first closing brace outside of strings.
function headerEnd (bytes, at) {
  if (bytes[at] !== 0x7b) throw new Error('a header begins with a brace')
  let inside = false
  for (let i = at + 1; i < bytes.length; i++) {
    if (inside) {
      if (bytes[i] === 0x5c) i++
      else if (bytes[i] === 0x22) inside = false
    } else if (bytes[i] === 0x22) inside = true
    else if (bytes[i] === 0x7d) return i + 1
  }
  throw new Error('a header without end')
}

// The fields of the header that begins at `at`. Numbers stay text: sequence numbers are larger than a double holds.
function readHeader (bytes, at) {
  const end = headerEnd(bytes, at)
  const text = bytes.toString('utf8', at, end).replace(/":(-?\d+)(?=[,}])/g, '":"$1"')
  return [JSON.parse(text.replace(/[\u0000-\u001f]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))), end]
}

// ---- the client ------------------------------------------------------------------------------------------------------------

class Client {
  constructor (name) {
    this.name = name
    this.socket = null
    this.count = 0
    this.waiting = new Map() // command id -> { type, resolve, reject }
    this.asked = new Map() // command id -> { types, handler } of acks that the application wants
    this.subscriptions = new Map()
    this.queries = new Map()
    this.serverVersion = ''
    this.lastChance = () => {}
    this.disconnected = () => {}
    this.failed = () => {} // what a handler threw
    this.beat = null
  }

  connect (uri) {
    const found = /^([a-z]+):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^:/@]+)(?::(\d+))?(\/[^?]*)?(?:\?(.*))?$/.exec(uri)
    if (!found) throw new AmpsError('InvalidUriException', 'write tcp://host:port/amps/json')
    const [, scheme, user, password, host, port, path, query] = found
    if (scheme !== 'tcp') throw new AmpsError('TransportTypeException', `${scheme} is not spoken here`)
    const parts = (path || '').split('/').filter(Boolean)
    const unknown = [...new URLSearchParams(query || '').keys()].filter((option) => !OPTIONS.includes(option))
    if (!port || !parts.length || unknown.length) throw new AmpsError('InvalidUriException', 'write tcp://host:port/amps/json')
    this.user = decodeURIComponent(user || '')
    this.password = decodeURIComponent(password || '')
    this.type = parts.length > 1 ? parts[parts.length - 1] : ''
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host, port: Number(port), noDelay: true })
      socket.once('error', (error) => reject(new AmpsError('ConnectionRefusedException', error.message)))
      socket.once('connect', () => {
        this.socket = socket
        let parts = []
        let length = 0
        let need = 4
        socket.on('data', (data) => { // what is not complete yet is joined only when it is
          parts.push(data)
          length += data.length
          if (length < need) return
          const bytes = parts.length > 1 ? Buffer.concat(parts) : data
          try {
            const at = this.take(bytes, socket)
            parts = [bytes.subarray(at)]
            length = bytes.length - at
            need = length < 4 ? 4 : 4 + bytes.readUInt32BE(at)
          } catch (error) { // what cannot be read ends the connection
            socket.destroy()
          }
        })
        socket.on('error', () => {})
        socket.on('close', () => this.lose(socket))
        resolve()
      })
    })
  }

  async logon ({ timeout = 0, options = '', correlationId = '' } = {}) {
    const ack = await this.wait({
      c: 'logon', cid: this.id(), client_name: this.name, user_id: this.user, mt: this.type, a: 'processed',
      version: '5.3.5.0:javascript-example', x: correlationId, pw: this.password, o: options
    }, 'processed', timeout)
    this.serverVersion = ack.version || ''
  }

  publish (topic, data, { command = 'publish', expiration, sowKey, correlationId } = {}) {
    this.send({ c: command, t: topic, e: expiration, x: correlationId, k: sowKey }, data)
  }

  // A subscription or query; the id of the subscription or command, once the server has taken it.
  async request (command, topic, handler, { acks = [], timeout = 0, id, subId, batchSize = 10, ...fields } = {}) {
    const cid = id || this.id()
    const subscribes = command.endsWith('subscribe')
    const queries = command.startsWith('sow')
    const types = new Set(['processed', ...(command === 'sow' ? ['completed'] : []), ...acks])
    const header = { c: command, t: topic, cid, filter: fields.filter, a: [...types].join(','), o: fields.options }
    this.asked.set(cid, { types: new Set(acks), handler })
    if (subscribes) {
      header.sub_id = subId || cid
      const replaces = (fields.options || '').split(',').includes('replace') && this.subscriptions.has(header.sub_id)
      if (!replaces) this.subscriptions.set(header.sub_id, handler)
    }
    if (queries) {
      Object.assign(header, { query_id: cid, batch_size: batchSize, top_n: fields.topN, orderby: fields.orderBy })
      this.queries.set(cid, handler)
    }
    header.bookmark = fields.bookmark
    try {
      await this.wait(header, 'processed', timeout)
    } catch (error) {
      this.queries.delete(cid)
      this.asked.delete(cid)
      if (this.subscriptions.get(header.sub_id) === handler) this.subscriptions.delete(header.sub_id)
      throw error
    }
    return subscribes ? header.sub_id : cid
  }

  unsubscribe (subId = 'all') {
    if (subId === 'all') this.subscriptions.clear()
    else this.subscriptions.delete(subId)
    this.send({ c: 'unsubscribe', cid: this.id(), sub_id: subId })
  }

  // The stats ack.
  sowDelete (topic, { filter, keys, data = '', timeout = 0 }) {
    return this.wait({ c: 'sow_delete', t: topic, cid: this.id(), filter, a: 'processed,stats', sow_keys: (keys || []).join(',') },
      'stats', timeout, data)
  }

  async flush ({ timeout = 0, ackType = 'processed' } = {}) {
    await this.wait({ c: 'flush', cid: this.id(), a: ackType }, ackType, timeout)
  }

  close () {
    const socket = this.socket
    this.socket = null
    this.subscriptions.clear()
    if (socket) socket.destroy()
    this.giveUp()
  }

  // ---- out -----------------------------------------------------------------------------------------------------------------

  id () {
    this.count += 1
    return `js${this.count}`
  }

  send (fields, data = '') {
    if (!this.socket) throw new AmpsError('DisconnectedException', 'not connected')
    const body = Buffer.from(data)
    const header = Buffer.from(writeHeader(fields))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(header.length + body.length)
    this.socket.write(Buffer.concat([length, header, body]))
  }

  wait (fields, type, timeout, data) {
    return new Promise((resolve, reject) => {
      const done = (call) => (value) => { // of success and failure the first one counts
        clearTimeout(timer)
        this.waiting.delete(fields.cid)
        call(value)
      }
      const timer = timeout ? setTimeout(() => waits.reject(new AmpsError('TimedOutException', `no ${type} ack`)), timeout) : null
      const waits = { type, resolve: done(resolve), reject: done(reject) }
      this.waiting.set(fields.cid, waits)
      try {
        this.send(fields, data)
      } catch (error) {
        waits.reject(error)
      }
    })
  }

  // ---- in ------------------------------------------------------------------------------------------------------------------

  // Handle every frame that is complete; how many bytes that were.
  take (bytes, socket) {
    let at = 0
    while (bytes.length - at >= 4 && this.socket === socket) {
      const length = bytes.readUInt32BE(at)
      if (length > BYTES_MAX) throw new Error('no frame is that long')
      if (bytes.length - at - 4 < length) break
      if (length) this.frame(bytes.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
    return at
  }

  frame (bytes) {
    const [header, end] = readHeader(bytes, 0)
    const body = bytes.subarray(end)
    switch (header.c) {
      case 'ack': return this.ack(header)
      case 'publish': case 'p': case 'oof': return this.deliver(header, body)
      case 'sow': return this.batch(header, bytes, end)
      case 'group_begin': case 'group_end': return this.toQuery(header, body)
      default: // heartbeats are not asked for, unknown commands mean nothing
    }
  }

  ack (header) {
    const waits = this.waiting.get(header.cid)
    const asked = this.asked.get(header.cid)
    if (asked && asked.types.has(header.a)) this.call(asked.handler, header, Buffer.alloc(0))
    else if (!waits && !asked) this.call(this.lastChance, header, Buffer.alloc(0))
    if (!waits) return
    if (header.status === 'failure' && (header.a === waits.type || header.a === 'processed')) {
      waits.reject(new AmpsError(REASONS[header.reason] || 'CommandException', header.reason || 'no reason given'))
    } else if (header.a === waits.type) waits.resolve(header)
  }

  deliver ({ sids, ...header }, body) {
    for (const subId of (sids || '').split(',')) {
      this.call(this.subscriptions.get(subId) || this.lastChance, { ...header, sub_id: subId }, body)
    }
  }

  batch ({ bs, l, ...outer }, bytes, at) {
    while (at < bytes.length) {
      const [{ l: length, ...inner }, start] = readHeader(bytes, at)
      at = start + Number(length)
      if (!(at <= bytes.length)) throw new Error('a record that is longer than its frame')
      this.toQuery({ ...outer, ...inner }, bytes.subarray(start, at))
    }
  }

  toQuery (header, body) {
    const handler = this.queries.get(header.query_id)
    if (handler) this.call(handler, header, body)
  }

  call (handler, header, body) { // what a handler throws does not end delivery
    try {
      handler(header, body)
    } catch (error) {
      this.failed(error)
    }
  }

  lose (socket) {
    if (this.socket !== socket) return
    this.socket = null
    this.giveUp()
    this.disconnected()
  }

  giveUp () {
    for (const waits of [...this.waiting.values()]) waits.reject(new AmpsError('DisconnectedException', 'the connection ended'))
    this.queries.clear()
  }
}

module.exports = { Client, AmpsError, writeHeader }
