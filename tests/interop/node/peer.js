// One socket of another stack, driven by lines of JSON: each command is answered with one line.
//
//     node peer.js libzmq|jszmq TYPE [OPTION=VALUE]...
'use strict'
const readline = require('readline')

// libzmq, as the package zeromq brings it, with WebSocket and the socket types that are drafts.
class Libzmq {
  constructor(type, options) {
    const zmq = { ...require('zeromq'), ...require('zeromq/draft') }
    const names = {
      REQ: 'Request', REP: 'Reply', DEALER: 'Dealer', ROUTER: 'Router', XPUB: 'XPublisher', SUB: 'Subscriber', PUSH: 'Push', PULL: 'Pull',
      CLIENT: 'Client', SERVER: 'Server', RADIO: 'Radio', DISH: 'Dish', SCATTER: 'Scatter', GATHER: 'Gather'
    }
    this.type = type
    // The package's own join() and leave() forget which socket they are of.
    this.prototype = zmq.Socket.prototype
    this.socket = new zmq[names[type]]({ linger: 0, ...options })
  }
  async bind(endpoint) {
    await this.socket.bind(endpoint)
    return this.socket.lastEndpoint
  }
  connect(endpoint) { this.socket.connect(endpoint) }
  subscribe(topic) { this.socket.subscribe(topic) }
  join(group) { this.prototype.join.call(this.socket, group) }
  leave(group) { this.prototype.leave.call(this.socket, group) }
  // A bound DISH takes in peers, which it then tells its groups, only when something is asked of it.
  attend() { return this.socket.readable }
  // Here, too, the number or the group that goes beside a frame is the first of two.
  async send(frames) {
    if (this.type === 'SERVER') await this.socket.send(frames[1], { routingId: frames[0].readUInt32BE() })
    else if (this.type === 'RADIO') await this.socket.send(frames[1], { group: frames[0] })
    else await this.socket.send(frames)
  }
  async receive() {
    const frames = await this.socket.receive()
    if (this.type === 'SERVER') {
      const number = Buffer.alloc(4)
      number.writeUInt32BE(frames[1].routingId)
      return [number, frames[0]]
    }
    return this.type === 'DISH' ? [frames[1].group, frames[0]] : frames
  }
}

// jszmq, which speaks ZWS 2.0 without a mechanism.
class Jszmq {
  constructor(type, options) {
    this.socket = require('jszmq').socket(type.toLowerCase())
    if (options.routingId) this.socket.options.routingId = Buffer.from(options.routingId)
    this.messages = []
    this.waiting = []
    this.socket.on('message', (...frames) => {
      const waiter = this.waiting.shift()
      if (waiter) waiter(frames)
      else this.messages.push(frames)
    })
  }
  connect(endpoint) { this.socket.connect(endpoint) }
  subscribe(topic) { this.socket.subscribe(topic) }
  async send(frames) { this.socket.send(frames) }
  async receive() {
    return this.messages.shift() || new Promise(resolve => this.waiting.push(resolve))
  }
}

// What an option's value may be besides text; Z85 keys may have any sign, so that it is split once.
function valueOf(text) {
  return text === 'true' ? true : /^\d+$/.test(text) ? Number(text) : text
}

function options(words) {
  const pairs = words.map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)])
  return Object.fromEntries(pairs.map(([name, value]) => [name, valueOf(value)]))
}

async function obey(peer, command) {
  switch (command.do) {
    case 'bind': return { endpoint: await peer.bind(command.endpoint) }
    case 'connect': return { done: peer.connect(command.endpoint) || true }
    case 'subscribe': return { done: peer.subscribe(command.topic) || true }
    case 'join': return { done: peer.join(command.group) || true }
    case 'leave': return { done: peer.leave(command.group) || true }
    case 'attend': return { readable: peer.attend() }
    case 'send':
      await peer.send(command.frames.map(frame => Buffer.from(frame, 'base64')))
      return { done: true }
    case 'receive':
      return { frames: (await peer.receive()).map(frame => Buffer.from(frame).toString('base64')) }
  }
  throw new Error(`there is no command ${command.do}`)
}

async function main([stack, type, ...words]) {
  const peer = new { libzmq: Libzmq, jszmq: Jszmq }[stack](type, options(words))
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await obey(peer, JSON.parse(line))) + '\n')
  }
  process.exit(0)
}

main(process.argv.slice(2)).catch(error => {
  console.error(error)
  process.exit(1)
})
