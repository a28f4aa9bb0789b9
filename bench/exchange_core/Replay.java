import exchange.core2.collections.objpool.ObjectsPool;
import exchange.core2.core.common.CoreSymbolSpecification;
import exchange.core2.core.common.MatcherEventType;
import exchange.core2.core.common.MatcherTradeEvent;
import exchange.core2.core.common.OrderAction;
import exchange.core2.core.common.OrderType;
import exchange.core2.core.common.SymbolType;
import exchange.core2.core.common.cmd.CommandResultCode;
import exchange.core2.core.common.cmd.OrderCommand;
import exchange.core2.core.common.cmd.OrderCommandType;
import exchange.core2.core.common.config.LoggingConfiguration;
import exchange.core2.core.orderbook.IOrderBook;
import exchange.core2.core.orderbook.OrderBookDirectImpl;
import exchange.core2.core.orderbook.OrderBookEventsHelper;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.StringJoiner;

/**
 * Drives the fastest book of exchange-core (OrderBookDirectImpl) through a workload: no ring buffer, no risk engine.
 *
 * Arguments: 16-byte commands, the file for 16-byte trades of the last round. Prints {"version", "rounds", "trades"} as
 * bench/peers.py does. The first rounds are left out: the virtual machine compiles meanwhile.
 */
public final class Replay {
    static final int RECORD = 16;
    static final int WARM = 4;
    static final int ROUNDS = 5;
    static final int LIMIT = 0;
    static final int CANCEL = 1;
    static final long ANY_BUY = 1_000_000;
    static final long ANY_SELL = 1;

    final ByteBuffer commands;
    final long[] owners;
    final int[] trades;
    int words;

    Replay(ByteBuffer commands) {
        this.commands = commands;
        owners = new long[highest(commands) + 1];
        trades = new int[commands.capacity() / RECORD * 8];
    }

    static int highest(ByteBuffer commands) {
        int highest = 0;
        for (int at = 12; at < commands.capacity(); at += RECORD) {
            highest = Math.max(highest, commands.getInt(at));
        }
        return highest;
    }

    public static void main(String[] arguments) throws Exception {
        Replay replay = new Replay(
            ByteBuffer.wrap(Files.readAllBytes(Path.of(arguments[0]))).order(ByteOrder.LITTLE_ENDIAN));
        StringJoiner rounds = new StringJoiner(",", "[", "]");
        for (int round = 0; round < WARM + ROUNDS; round++) {
            double seconds = replay.round();
            if (round >= WARM) {
                rounds.add(Double.toString(seconds));
            }
        }
        ByteBuffer out = ByteBuffer.allocate(replay.words * 4).order(ByteOrder.LITTLE_ENDIAN);
        out.asIntBuffer().put(replay.trades, 0, replay.words);
        Files.write(Path.of(arguments[1]), out.array());
        System.out.printf("{\"version\":\"0.5.3\",\"rounds\":%s,\"trades\":%d}%n", rounds, replay.words / 4);
    }

    /** Processor seconds of this thread for all commands on a fresh book. */
    double round() {
        IOrderBook book = book();
        OrderCommand command = new OrderCommand();
        words = 0;
        long started = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        for (int at = 0; at < commands.capacity(); at += RECORD) {
            fill(command, at);
            CommandResultCode result = IOrderBook.processCommand(book, command);
            if (command.command == OrderCommandType.PLACE_ORDER) {
                note(command);
            } else if (result != CommandResultCode.SUCCESS && result != CommandResultCode.MATCHING_UNKNOWN_ORDER_ID) {
                throw new IllegalStateException(result + " for a cancel");
            }
        }
        return (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - started) / 1e9;
    }

    /** As its own matching engine sets one up. */
    static IOrderBook book() {
        CoreSymbolSpecification symbol = CoreSymbolSpecification.builder()
            .symbolId(1).type(SymbolType.CURRENCY_EXCHANGE_PAIR).baseCurrency(1).quoteCurrency(2)
            .baseScaleK(1).quoteScaleK(1).build();
        Map<Integer, Integer> pools = new HashMap<>();
        pools.put(ObjectsPool.DIRECT_ORDER, 1 << 20);
        pools.put(ObjectsPool.DIRECT_BUCKET, 1 << 16);
        pools.put(ObjectsPool.ART_NODE_4, 1 << 15);
        pools.put(ObjectsPool.ART_NODE_16, 1 << 14);
        pools.put(ObjectsPool.ART_NODE_48, 1 << 13);
        pools.put(ObjectsPool.ART_NODE_256, 1 << 12);
        return new OrderBookDirectImpl(symbol, new ObjectsPool(pools),
            OrderBookEventsHelper.NON_POOLED_EVENTS_HELPER, LoggingConfiguration.DEFAULT);
    }

    void fill(OrderCommand command, int at) {
        int kind = commands.get(at);
        int id = commands.getInt(at + 12);
        command.orderId = id;
        command.matcherEvent = null;
        command.resultCode = CommandResultCode.VALID_FOR_MATCHING_ENGINE;
        if (kind == CANCEL) {
            command.command = OrderCommandType.CANCEL_ORDER;
            command.uid = owners[id];
            return;
        }
        boolean sells = commands.get(at + 1) == 1;
        long price = kind == LIMIT ? commands.getInt(at + 8) : sells ? ANY_SELL : ANY_BUY;
        command.command = OrderCommandType.PLACE_ORDER;
        command.orderType = kind == LIMIT ? OrderType.GTC : OrderType.IOC;
        command.action = sells ? OrderAction.ASK : OrderAction.BID;
        command.price = price;
        command.reserveBidPrice = price;
        command.size = commands.getInt(at + 4);
        command.uid = 2L * (id % 512) + (sells ? 1 : 0);
        owners[id] = command.uid;
    }

    void note(OrderCommand command) {
        for (MatcherTradeEvent event = command.matcherEvent; event != null; event = event.nextEvent) {
            if (event.eventType == MatcherEventType.TRADE) {
                trades[words] = (int) event.matchedOrderId;
                trades[words + 1] = (int) command.orderId;
                trades[words + 2] = (int) event.price;
                trades[words + 3] = (int) event.size;
                words += 4;
            }
        }
    }
}
