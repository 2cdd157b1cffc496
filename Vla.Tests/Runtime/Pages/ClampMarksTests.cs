using Vla.Runtime.Pages;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Pages;

public sealed class ClampMarksTests
{
    [Fact]
    public void A_dimension_stays_marked_for_a_second_after_a_limit_changed_it()
    {
        var marks = new ClampMarks(2);

        Assert.Equal([false, false], marks.Look([0, 0], 0));
        Assert.Equal([false, true], marks.Look([0, 3], 100 * MonotonicTime.NsPerMs));
        Assert.Equal([false, true], marks.Look([0, 3], 900 * MonotonicTime.NsPerMs));
        Assert.Equal([true, true], marks.Look([1, 3], 1000 * MonotonicTime.NsPerMs));
        Assert.Equal([true, false], marks.Look([1, 3], 1200 * MonotonicTime.NsPerMs));
        Assert.Equal([false, false], marks.Look([1, 3], 2000 * MonotonicTime.NsPerMs));
    }
}
