using Akka.Actor;
using Akka.Dispatch;

namespace Vla.Actors.Scheduling;

/// <summary>
/// Decides what runs where: which thread an actor has, and which ones share one. One for each controller.
/// </summary>
/// <remarks>
/// It knows actors and how long their work takes, and nothing of what they say to each other. What it does beyond a
/// thread for each actor makes a picture's way shorter and nothing else: with <see cref="Plain"/> everything works as
/// well.
/// </remarks>
public abstract class StageScheduling
{
    private protected StageScheduling() { }

    /// <summary>A thread for each actor, by Akka's own dispatcher, and nothing more.</summary>
    /// <remarks>The threads that a module has help it are its own business: they keep off its core in both.</remarks>
    public static StageScheduling Plain { get; } = new PlainScheduling();

    /// <summary>As <see cref="TunedScheduling"/> says.</summary>
    public static StageScheduling Tuned() => new TunedScheduling();

    /// <summary>What the setting <c>stages:scheduling</c> names.</summary>
    public static StageScheduling Of(SchedulingMode mode) => mode == SchedulingMode.Plain ? Plain : Tuned();

    /// <summary>Gives an actor that is about to be started its thread.</summary>
    public abstract Props Place(Props props);

    /// <summary>Called by an actor, once it handles messages or just before.</summary>
    /// <param name="dispatcher">The actor's.</param>
    /// <param name="use">What it makes of its thread.</param>
    internal abstract ActorPlace Join(MessageDispatcher dispatcher, ThreadUse use);
}

/// <summary>How much is done about what runs where.</summary>
public enum SchedulingMode
{
    /// <summary>Threads that sleep at once, and one that light stages share.</summary>
    Tuned,

    /// <summary>A thread for each actor and nothing more.</summary>
    Plain,
}

/// <summary>What an actor makes of its thread.</summary>
internal enum ThreadUse
{
    /// <summary>It works there by itself.</summary>
    Own,

    /// <summary>Actors with little to do may run there too.</summary>
    Lends,

    /// <summary>It runs on the thread that is lent as long as its work is short.</summary>
    Shares,

    /// <summary>The same, and its work is always short.</summary>
    AlwaysShares,
}
