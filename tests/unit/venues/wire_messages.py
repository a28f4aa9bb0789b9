"""Messages of each venue in its documented shape, with figures of our own: seeds of the fuzzing, and small sessions."""

from __future__ import annotations

BINANCE = (
    b'{"e":"depthUpdate","E":1700000000100,"T":1700000000099,"s":"BTCUSDT","U":11,"u":14,"pu":10,'
    b'"b":[["30000.10","1.500"]],"a":[["30000.20","0"]]}',
    b'{"lastUpdateId":10,"E":1700000000000,"T":1700000000000,"bids":[["30000.00","2.000"]],"asks":[["30000.20","1.0"]]}',
    b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1700000000200,"s":"BTCUSDT","a":7,"p":"30000.10",'
    b'"q":"0.250","f":1,"l":2,"T":1700000000199,"m":true}}',
    b'{"e":"markPriceUpdate","E":1700000000300,"s":"BTCUSDT","p":"30001.5","i":"30002.0","P":"30001","r":"0.0001",'
    b'"T":1700006400000}',
    b'{"e":"forceOrder","E":1700000000300,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"29900",'
    b'"ap":"29950","X":"FILLED","l":"0.014","z":"0.014","T":1700000000299}}',
    b'{"e":"ORDER_TRADE_UPDATE","E":1,"T":2,"o":{"s":"BTCUSDT","c":"ist-7","S":"BUY","o":"LIMIT","f":"GTC","q":"0.5",'
    b'"p":"30000","ap":"0","sp":"0","x":"TRADE","X":"PARTIALLY_FILLED","i":88,"l":"0.2","z":"0.2","L":"30000","N":"USDT",'
    b'"n":"0.6","T":3,"t":901,"m":false}}',
    b'{"orderId":88,"symbol":"BTCUSDT","status":"NEW","clientOrderId":"ist-7","price":"30000","origQty":"0.5",'
    b'"executedQty":"0","side":"BUY","updateTime":5}',
    b'{"code":-2019,"msg":"Margin is insufficient."}',
    b'{"symbols":[{"symbol":"BTCUSDT","contractType":"PERPETUAL","baseAsset":"BTC","quoteAsset":"USDT",'
    b'"marginAsset":"USDT","deliveryDate":4133404800000,"status":"TRADING","filters":[{"filterType":"PRICE_FILTER",'
    b'"tickSize":"0.10"},{"filterType":"LOT_SIZE","stepSize":"0.001"}]}]}',
)
BITMEX = (
    b'{"table":"orderBookL2","action":"partial","data":[{"symbol":"XBTUSD","id":1,"side":"Sell","size":500,"price":30001},'
    b'{"symbol":"XBTUSD","id":2,"side":"Buy","size":700,"price":30000.5}]}',
    b'{"table":"orderBookL2","action":"update","data":[{"symbol":"XBTUSD","id":2,"side":"Buy","size":300}]}',
    b'{"table":"orderBookL2","action":"delete","data":[{"symbol":"XBTUSD","id":1,"side":"Sell"}]}',
    b'{"table":"trade","action":"insert","data":[{"timestamp":"2026-01-02T03:04:05.678Z","symbol":"XBTUSD","side":"Sell",'
    b'"size":100,"price":30000.5,"trdMatchID":"00000000-0000-0000-0000-000000000001"}]}',
    b'{"table":"funding","action":"partial","data":[{"timestamp":"2026-01-02T04:00:00.000Z","symbol":"XBTUSD",'
    b'"fundingInterval":"2000-01-01T08:00:00.000Z","fundingRate":0.0001,"fundingRateDaily":0.0003}]}',
    b'{"error":"Unknown table: x","status":400,"request":{"op":"subscribe","args":["x"]}}',
)
BITSTAMP = (
    b'{"event":"data","channel":"order_book_btcusd","data":{"timestamp":"1700000000","microtimestamp":"1700000000000001",'
    b'"bids":[["30000","1.5"]],"asks":[["30001","2"]]}}',
    b'{"event":"trade","channel":"live_trades_btcusd","data":{"id":1,"amount":0.5,"amount_str":"0.50000000","price":30000,'
    b'"price_str":"30000","type":1,"timestamp":"1700000000","microtimestamp":"1700000000000002","buy_order_id":1,'
    b'"sell_order_id":2}}',
    b'{"event":"bts:request_reconnect","channel":"","data":""}',
)
BYBIT = (
    b'{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1700000000000,"data":{"s":"BTCUSDT","b":[["30000","1"]],'
    b'"a":[["30001","2"]],"u":1,"seq":10}}',
    b'{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1700000000001,"data":{"s":"BTCUSDT","b":[["30000","0"]],"a":[],'
    b'"u":2,"seq":11}}',
    b'{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1700000000002,"data":[{"T":1700000000001,"s":"BTCUSDT",'
    b'"S":"Buy","v":"0.5","p":"30001","i":"a-b","BT":false}]}',
    b'{"success":true,"ret_msg":"","conn_id":"x","req_id":"","op":"subscribe"}',
)
COINBASE = (
    b'{"type":"snapshot","product_id":"BTC-USD","bids":[["30000.00","1.5"]],"asks":[["30001.00","2"]]}',
    b'{"type":"l2update","product_id":"BTC-USD","time":"2026-01-02T03:04:05.678Z","changes":[["buy","30000.00","0"]]}',
    b'{"type":"match","trade_id":5,"maker_order_id":"a","taker_order_id":"b","side":"sell","size":"0.1",'
    b'"price":"30000.00","product_id":"BTC-USD","sequence":9,"time":"2026-01-02T03:04:05.678Z"}',
    b'{"type":"error","message":"Failed to subscribe","reason":"x"}',
)
DERIBIT = (
    b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":"snapshot",'
    b'"timestamp":1700000000000,"instrument_name":"BTC-PERPETUAL","change_id":5,"bids":[["new",30000.0,10.0]],'
    b'"asks":[["new",30000.5,20.0]]}}}',
    b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":"change",'
    b'"timestamp":1700000000100,"prev_change_id":5,"instrument_name":"BTC-PERPETUAL","change_id":6,'
    b'"bids":[["delete",30000.0,0.0]],"asks":[]}}}',
    b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.BTC-PERPETUAL.raw","data":[{"trade_seq":7,'
    b'"trade_id":"x","timestamp":1700000000000,"price":30000.5,"instrument_name":"BTC-PERPETUAL","direction":"buy",'
    b'"amount":10.0}]}}',
    b'{"jsonrpc":"2.0","error":{"code":10009,"message":"not_enough_funds"},"id":4}',
)
GEMINI = (
    b'{"type":"l2_updates","symbol":"BTCUSD","changes":[["buy","30000.00","1.5"],["sell","30001.00","2"]],"trades":[]}',
    b'{"type":"trade","symbol":"BTCUSD","event_id":3,"timestamp":1700000000000,"price":"30000.00","quantity":"0.1",'
    b'"side":"sell"}',
    b'{"type":"heartbeat","timestamp":1700000000000}',
)
KRAKEN = (
    b'[336,{"as":[["30001.00000","2.00000000","1700000000.000001"]],"bs":[["30000.00000","1.0","1700000000.000001"]]},'
    b'"book-10","XBT/USD"]',
    b'[336,{"b":[["30000.00000","0.00000000","1700000000.100001"]],"c":"0"},"book-10","XBT/USD"]',
    b'[337,[["30000.00000","0.10","1700000000.2","b","l",""]],"trade","XBT/USD"]',
    b'{"event":"heartbeat"}',
)
OKX = (
    b'{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[["30001","2","0","1"]],'
    b'"bids":[["30000","1","0","1"]],"ts":"1700000000000","checksum":1,"seqId":5,"prevSeqId":-1}]}',
    b'{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],"bids":[["30000","0","0","0"]],'
    b'"ts":"1700000000100","checksum":1,"seqId":6,"prevSeqId":5}]}',
    b'{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"9","px":"30000","sz":"0.5",'
    b'"side":"sell","ts":"1700000000200"}]}',
    b'{"event":"error","code":"60012","msg":"Invalid request"}',
)
BY_VENUE = {
    "binance-futures": BINANCE,
    "bitmex": BITMEX,
    "bitstamp": BITSTAMP,
    "bybit": BYBIT,
    "coinbase": COINBASE,
    "deribit": DERIBIT,
    "gemini": GEMINI,
    "kraken": KRAKEN,
    "okx": OKX,
}
