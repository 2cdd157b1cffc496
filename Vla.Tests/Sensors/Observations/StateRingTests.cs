using Vla.Sensors.Observations;

namespace Vla.Tests.Sensors.Observations;

public sealed class StateRingTests
{
    private readonly StateRing _ring = new(2, length: 4);
    private readonly float[] _values = new float[2];

    [Fact]
    public void The_state_at_a_moment_is_the_newest_measured_by_then_and_never_one_in_between()
    {
        _ring.Add(10, [1, 1]);
        _ring.Add(20, [2, 2]);

        Assert.Null(Read(9));
        Assert.Equal((1, 10), Read(10));
        Assert.Equal((1, 10), Read(19));
        Assert.Equal((2, 20), Read(20));
        Assert.Equal((2, 20), Read(long.MaxValue));
        Assert.Equal(20, _ring.NewestNs);
    }

    [Fact]
    public void What_was_long_ago_is_forgotten()
    {
        for (var i = 1; i <= 9; i++)
            _ring.Add(i, [i, i]);

        Assert.Equal((9, 9), Read(9));
        Assert.Equal((6, 6), Read(6));
        Assert.Null(Read(5));
    }

    [Fact]
    public void Time_does_not_go_back_and_of_two_states_of_one_moment_the_later_counts()
    {
        Assert.True(_ring.Add(10, [1, 1]));
        Assert.False(_ring.Add(9, [7, 7]));
        Assert.True(_ring.Add(10, [2, 2]));

        Assert.Equal((2, 10), Read(10));
        Assert.True(_ring.TryReadOne(11, 1, out var value, out var readNs));
        Assert.Equal((2, 10), (value, readNs));
    }

    [Fact]
    public void A_state_of_another_width_is_refused() => Assert.Throws<ArgumentException>(() => _ring.Add(1, [1]));

    [Fact]
    public async Task Whoever_reads_while_another_writes_gets_a_whole_state_of_its_moment()
    {
        var ring = new StateRing(8, length: 4);
        var writing = Task.Run(() =>
        {
            var state = new float[8];
            for (var i = 1; i <= 300_000; i++)
            {
                Array.Fill(state, i);
                ring.Add(i, state);
            }
        });

        var read = new float[8];
        while (!writing.IsCompleted)
        {
            if (!ring.TryRead(long.MaxValue, read, out var atNs))
                continue;
            Assert.Equal(atNs, read[0]);
            Assert.All(read, value => Assert.Equal(read[0], value));
        }

        await writing;
    }

    private (float Value, long AtNs)? Read(long atNs) =>
        _ring.TryRead(atNs, _values, out var readNs) ? (_values[0], readNs) : null;
}
