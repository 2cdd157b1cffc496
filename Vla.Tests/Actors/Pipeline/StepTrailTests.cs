using Vla.Actors.Pipeline;

namespace Vla.Tests.Actors.Pipeline;

public sealed class StepTrailTests
{
    [Fact]
    public void Tells_the_steps_in_their_order_with_their_times()
    {
        var trail = StepTrail.Of("prepare", 1, 3).With("encode", 5, 9).With("decode", 9, 10);

        Assert.Equal([new("prepare", 1, 3), new("encode", 5, 9), new("decode", 9, 10)], trail);
        Assert.Equal(7, trail.WorkNs);
        Assert.Equal(new StepTimes("encode", 5, 9), trail.Find("encode"));
        Assert.Equal(new StepTimes("fuse", 0, 0), trail.Find("fuse"));
        Assert.Throws<ArgumentOutOfRangeException>(() => trail[3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => StepTrail.Empty[0]);
    }

    [Fact]
    public void Two_continuations_of_one_trail_do_not_know_of_each_other()
    {
        var seen = StepTrail.Of("prepare", 0, 1);

        var first = seen.With("encode", 1, 2);
        var second = seen.With("look", 3, 4);
        var third = first.With("decode", 5, 6);

        Assert.Equal(["prepare"], seen.Select(step => step.Step));
        Assert.Equal(["prepare", "encode"], first.Select(step => step.Step));
        Assert.Equal(["prepare", "look"], second.Select(step => step.Step));
        Assert.Equal(["prepare", "encode", "decode"], third.Select(step => step.Step));
    }

    [Fact]
    public void Any_number_of_steps_has_room()
    {
        var trail = StepTrail.Empty;
        var shorter = new List<StepTrail>();
        for (var i = 0; i < 40; i++)
            shorter.Add(trail = trail.With($"step {i}", i, i + 1));

        Assert.Equal(Enumerable.Range(0, 40).Select(i => new StepTimes($"step {i}", i, i + 1)), trail);
        Assert.All(shorter, (one, i) => Assert.Equal(i + 1, one.Count));
    }

    [Fact]
    public void Several_threads_may_continue_one_trail()
    {
        var seen = StepTrail.Of("prepare", 0, 1);
        using var together = new Barrier(4);
        var ends = new StepTrail[4];

        var threads = Enumerable
            .Range(0, ends.Length)
            .Select(i => new Thread(() =>
            {
                together.SignalAndWait();
                ends[i] = seen.With($"step of {i}", i, i).With("end", i, i);
            }))
            .ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.All(ends, (end, i) => Assert.Equal(["prepare", $"step of {i}", "end"], end.Select(step => step.Step)));
    }

    [Fact]
    public void Trails_are_equal_whose_steps_are()
    {
        var seen = StepTrail.Of("prepare", 0, 1);

        Assert.Equal(seen.With("encode", 1, 2), seen.With("encode", 1, 2));
        Assert.NotEqual(seen.With("encode", 1, 2), seen.With("encode", 1, 3));
        Assert.NotEqual(seen, seen.With("encode", 1, 2));
        Assert.Equal(default, StepTrail.Empty);
    }
}
