using Vla.Actors.Publishing;

namespace Vla.Runtime.Hosting;

/// <summary>Sees to it that the last message is a stop when the process dies of a fatal error or exits early.</summary>
public sealed class LastWord : IDisposable
{
    private readonly ControlLoop _control;

    public LastWord(ControlLoop control)
    {
        _control = control;
        AppDomain.CurrentDomain.UnhandledException += OnFatal;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.UnhandledException -= OnFatal;
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
    }

    private void OnFatal(object sender, UnhandledExceptionEventArgs e) =>
        _control.Shutdown($"fatal error: {(e.ExceptionObject as Exception)?.Message}");

    private void OnExit(object? sender, EventArgs e) => _control.Shutdown("the process exits");
}
