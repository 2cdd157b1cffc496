using Vla.Runtime.Outputs;
using Vla.Runtime.Settings;

namespace Vla.Runtime.Hosting;

/// <summary>Where log lines go: standard error, or above the live view when there is one.</summary>
/// <remarks>
/// A provider of our own, since .NET's console logger would write into the live view, and names classes where a person
/// wants to read what happened.
/// </remarks>
internal static class Logs
{
    public static void Configure(ILoggingBuilder logging, LogSettings settings, ConsoleScreen? screen)
    {
        var level = settings.Level;
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        // What the frameworks have to say matters to a person only when something is wrong.
        logging.AddFilter("Microsoft", Max(level, LogLevel.Warning));
        logging.AddFilter("Akka", Max(level, LogLevel.Warning));
        // A host that cannot start throws, too, and that is said by whoever started it.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        var line = new LogLine(settings.Format, Journal.TakesStandardError, TimeProvider.System);
        logging.AddProvider(new LineProvider(line, screen is null ? Console.Error.WriteLine : screen.WriteLine));
    }

    private static LogLevel Max(LogLevel a, LogLevel b) => a > b ? a : b;

    private sealed class LineProvider(LogLine line, Action<string> write) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new LineLogger(categoryName, line, write);

        public void Dispose() { }
    }

    private sealed class LineLogger(string category, LogLine line, Action<string> write) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            var reason = exception is null ? "" : $": {exception.Message}";
            try
            {
                write(
                    line.Write(
                        category,
                        logLevel,
                        eventId.Id,
                        $"{formatter(state, exception)}{reason}",
                        state as IReadOnlyList<KeyValuePair<string, object?>>
                    )
                );
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A terminal that is gone, a disk that is full: whoever logs has something else to do, the last message
                // above all.
            }
        }
    }
}
