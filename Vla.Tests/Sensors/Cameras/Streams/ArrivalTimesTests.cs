using Vla.Sensors;
using Vla.Sensors.Cameras.Streams;

namespace Vla.Tests.Sensors.Cameras.Streams;

public sealed class ArrivalTimesTests
{
    private const long Ms = MonotonicTime.NsPerMs;

    /// <summary>What may be claimed too little: the rules know a spacing only as well as they have seen it.</summary>
    private const long ToleranceNs = 45 * Ms;

    public static TheoryData<string, Line> Lines =>
        new()
        {
            { "steady", new Line(PeriodMs: 33, Bytes: 60_000, BytesPerMs: 50_000) },
            { "120 a second", new Line(PeriodMs: 8.3, Bytes: 250_000, BytesPerMs: 200_000, Pictures: 2_000) },
            {
                "a stall of 1.6 s, all of it delivered",
                new Line(PeriodMs: 40, Bytes: 60_000, BytesPerMs: 200_000) { Stalls = [(3_000, 4_600)] }
            },
            {
                "stalls again and again",
                new Line(PeriodMs: 40, Bytes: 60_000, BytesPerMs: 200_000)
                {
                    Stalls = [(3_000, 4_600), (6_000, 6_400), (8_000, 11_000), (12_000, 12_300)],
                }
            },
            {
                "a stall at the very beginning",
                new Line(PeriodMs: 33, Bytes: 60_000, BytesPerMs: 200_000) { Stalls = [(300, 1_500)] }
            },
            {
                "a stall and a slow line after it",
                new Line(PeriodMs: 40, Bytes: 60_000, BytesPerMs: 3_000) { Stalls = [(3_000, 4_600)] }
            },
            {
                "a stall during which the camera drops",
                new Line(PeriodMs: 40, Bytes: 60_000, BytesPerMs: 200_000, Queue: 600_000) { Stalls = [(3_000, 4_600)] }
            },
            {
                "a line that becomes too slow",
                new Line(PeriodMs: 33, Bytes: 60_000, BytesPerMs: 10_000, Queue: 2_500_000)
                {
                    SlowFromMs = 4_000,
                    SlowBytesPerMs = 1_000,
                }
            },
            {
                "a line that is always too slow",
                new Line(PeriodMs: 33, Bytes: 60_000, BytesPerMs: 1_000, Queue: 2_500_000)
            },
            { "a line of 2 Mbit/s", new Line(PeriodMs: 40, Bytes: 15_000, BytesPerMs: 250, Queue: 1_000_000) },
            {
                "as fast as the line can, large",
                new Line(PeriodMs: 1, Bytes: 100_000, BytesPerMs: 90_000, Queue: 300_000, Pictures: 2_000)
            },
        };

    [Theory]
    [MemberData(nameof(Lines))]
    public void No_picture_is_said_to_be_newer_than_it_is(string what, Line line)
    {
        var times = new ArrivalTimes(connectedNs: Line.StartNs);
        var worstNs = 0L;
        foreach (var (takenNs, arrival) in line.Arrivals())
        {
            var saidNs = times.TakenNs(arrival);
            // How old exactly is of no account any more where nobody may move by it.
            if (arrival.FirstByteNs - saidNs < 1_000 * Ms)
                worstNs = Math.Max(worstNs, saidNs - takenNs);
        }

        Assert.True(
            worstNs <= Math.Max(ToleranceNs, (long)(1.2 * line.PeriodMs * Ms)),
            $"{what}: {worstNs / Ms} ms too young"
        );
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(10)]
    public void Where_nothing_waits_a_picture_is_as_old_as_its_way_was_long(int which)
    {
        var line = (Line)((object[])Lines.ElementAt(which))[1];
        var times = new ArrivalTimes(connectedNs: Line.StartNs);
        // Half a second after the last stall at the latest.
        var quietFromMs = line.Stalls.Select(stall => stall.ToMs + 500).Append(200).Max();
        var fresh = 0;
        foreach (var (takenNs, arrival) in line.Arrivals())
        {
            var ageNs = arrival.FirstByteNs - times.TakenNs(arrival);
            if (takenNs < Line.StartNs + quietFromMs * Ms)
                continue;
            Assert.InRange(ageNs, 0, ToleranceNs);
            fresh++;
        }

        Assert.True(fresh > 50);
    }

    [Fact]
    public void Pictures_that_come_in_pairs_are_no_older_than_their_pair()
    {
        var times = new ArrivalTimes(0);
        for (var n = 0; n < 400; n++)
        {
            var arrivedNs = (1_000 + (n / 2 * 2 + 1) * 33) * Ms + n % 2 * Ms / 2;
            var ageNs = arrivedNs - times.TakenNs(At(arrivedNs));
            if (n > 50)
                Assert.InRange(ageNs, 0, 34 * Ms);
        }
    }

    [Fact]
    public void A_camera_that_becomes_slower_is_followed()
    {
        var times = new ArrivalTimes(0);
        var nowNs = 1_000 * Ms;
        for (var n = 0; n < 100; n++)
            times.TakenNs(At(nowNs += 33 * Ms));
        var ages = new List<long>();
        for (var n = 0; n < 20; n++)
            ages.Add(-times.TakenNs(At(nowNs += 250 * Ms)) + nowNs);

        Assert.All(ages.Skip(5), age => Assert.Equal(0, age));
    }

    [Fact]
    public void A_camera_that_says_when_it_took_a_picture_is_believed()
    {
        var times = new ArrivalTimes(0);
        var startNs = 1_000_000 * Ms;
        for (var n = 0; n < 10; n++)
            times.TakenNs(At(startNs + n * 33 * Ms, cameraSeconds: 50 + n * 0.033));

        // Delayed by 700 ms, without a silence or a burst that would show it.
        var late = times.TakenNs(At(startNs + (10 * 33 + 700) * Ms, cameraSeconds: 50 + 10 * 0.033));

        Assert.InRange(late, startNs + 329 * Ms, startNs + 331 * Ms);
    }

    [Fact]
    public void What_was_held_up_before_the_first_picture_is_not_taken_for_new()
    {
        var times = new ArrivalTimes(connectedNs: 500 * Ms);
        var taken = new List<(long TakenNs, long TrueNs)>();
        // Two seconds of pictures come within 100 ms, then they come as they are taken.
        for (var n = 0; n < 100; n++)
        {
            var trueNs = (1_000 + n * 33) * Ms;
            var arrivedNs = n < 60 ? (3_000 + n * 2) * Ms : trueNs + 5 * Ms;
            taken.Add((times.TakenNs(At(Math.Max(arrivedNs, 3_000 * Ms), n * 0.033 + 1)), trueNs));
        }

        Assert.All(taken, picture => Assert.True(picture.TakenNs <= picture.TrueNs + 20 * Ms));
        Assert.All(taken.Skip(70), picture => Assert.True(picture.TakenNs >= picture.TrueNs - 5 * Ms));
    }

    [Fact]
    public void A_camera_clock_that_stands_still_or_goes_back_is_not_believed()
    {
        var times = new ArrivalTimes(0);
        var nowNs = 1_000 * Ms;
        for (var n = 0; n < 20; n++)
        {
            nowNs += 33 * Ms;
            var takenNs = times.TakenNs(At(nowNs, cameraSeconds: 12.345));
            if (n > 0)
                Assert.Equal(nowNs, takenNs);
        }
    }

    private static PictureArrival At(long ns, double? cameraSeconds = null) =>
        new(ns, ns + Ms / 10, 50_000, 1, cameraSeconds);

    /// <summary>A camera and a line that delivers everything in its order, later when it must.</summary>
    public sealed record Line(
        double PeriodMs,
        int Bytes,
        long BytesPerMs,
        long Queue = long.MaxValue,
        int Pictures = 500
    )
    {
        public const long StartNs = 7_000 * Ms;

        public (long FromMs, long ToMs)[] Stalls { get; init; } = [];

        public long SlowFromMs { get; init; } = long.MaxValue;

        public long SlowBytesPerMs { get; init; }

        /// <summary>
        /// When each picture that is sent was taken, and how it comes. A picture that does not fit into the queue is
        /// not sent.
        /// </summary>
        internal IEnumerable<(long TakenNs, PictureArrival Arrival)> Arrivals()
        {
            var freeMs = 0.0;
            var ends = new Queue<double>();
            for (var n = 0; n < Pictures; n++)
            {
                var takenMs = n * PeriodMs;
                while (ends.TryPeek(out var end) && end <= takenMs)
                    ends.Dequeue();
                if ((ends.Count + 1L) * Bytes > Queue)
                    continue;

                var startMs = AfterStalls(Math.Max(takenMs, freeMs));
                var endMs = startMs + (double)Bytes / (startMs >= SlowFromMs ? SlowBytesPerMs : BytesPerMs);
                foreach (var (from, to) in Stalls)
                    if (startMs < from && endMs > from)
                        endMs += to - from;
                freeMs = endMs;
                ends.Enqueue(endMs);
                // The first byte is there with its packet.
                var pieces = Math.Max(1, Bytes / 1_448);
                yield return (
                    Ns(takenMs),
                    new PictureArrival(Ns(startMs + (endMs - startMs) / pieces), Ns(endMs), Bytes, pieces)
                );
            }
        }

        public override string ToString() => $"{PeriodMs} ms, {Bytes} bytes";

        private double AfterStalls(double ms)
        {
            foreach (var (from, to) in Stalls)
                if (ms >= from && ms < to)
                    return to;
            return ms;
        }

        private static long Ns(double ms) => StartNs + (long)(ms * Ms);
    }
}
