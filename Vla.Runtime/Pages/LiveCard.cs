using Microsoft.AspNetCore.Components;

namespace Vla.Runtime.Pages;

/// <summary>A part of the page that follows <see cref="LiveView"/>.</summary>
public abstract class LiveCard : ComponentBase, IDisposable
{
    [Inject]
    private protected LiveView Live { get; set; } = null!;

    /// <summary>What is shown.</summary>
    private protected LiveSnapshot Now { get; private set; } = null!;

    /// <summary>The part of a snapshot that this card shows: it is drawn again when that is another object.</summary>
    private protected virtual object? Shown(LiveSnapshot now) => now;

    protected override void OnInitialized()
    {
        Now = Live.Now;
        Live.Changed += Follow;
    }

    public virtual void Dispose()
    {
        Live.Changed -= Follow;
        GC.SuppressFinalize(this);
    }

    private void Follow() =>
        _ = InvokeAsync(() =>
        {
            var (before, now) = (Now, Live.Now);
            Now = now;
            if (!Equals(Shown(before), Shown(now)))
                StateHasChanged();
        });
}
