using Vla.Actors.Scheduling;

namespace Vla.Tests.Actors.Scheduling;

public sealed class CoresTests : IDisposable
{
    private readonly WorkThread _thread = new();

    public void Dispose() => _thread.Dispose();

    [SeveralCoresFact]
    public void A_thread_that_keeps_off_a_core_may_use_all_others()
    {
        var (number, allowed) = _thread.Run(() => (Cores.ThisThread, Cores.Of(Cores.ThisThread)));

        Cores.KeepOff(number, allowed[0]);

        Assert.Equal(allowed.Skip(1), Cores.Of(number));
        Assert.NotEqual(allowed[0], _thread.Run(() => Cores.Current));
    }

    [SeveralCoresFact]
    public void What_a_thread_is_told_does_not_touch_the_one_that_says_it()
    {
        var before = Cores.Of(Cores.ThisThread);

        Cores.KeepOff(_thread.Run(() => Cores.ThisThread), before[0]);

        Assert.Equal(before, Cores.Of(Cores.ThisThread));
    }
}
