namespace Vla.Runtime.Networks;

/// <summary>One connection to a robot on a network: once it has failed it is of no more use.</summary>
internal abstract class NetworkConnection : IDisposable
{
    private volatile string? _failure;

    /// <summary>Why it is gone, in words; null while it is there. The first reason counts.</summary>
    public string? Failure => _failure;

    /// <summary>Begins to hand over what comes.</summary>
    public abstract void Begin();

    /// <summary>Ends it in good order: what was sent is there before it is closed.</summary>
    public abstract void Close();

    /// <summary>Breaks it off; nobody waits for the other side.</summary>
    public abstract void Dispose();

    /// <summary>Says why it is gone.</summary>
    public void Fail(string why) => Interlocked.CompareExchange(ref _failure, why, null);
}
