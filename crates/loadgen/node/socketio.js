"use strict";

const http = require("node:http");
const { Server } = require("socket.io");
const listen = require("./listening");

const server = http.createServer();
const io = new Server(server, { transports: ["websocket"], perMessageDeflate: false });

io.on("connection", (socket) => {
  const room = socket.handshake.query.room;
  socket.join(room);
  socket.on("m", (text) => socket.to(room).emit("m", text));
});

listen(server);
