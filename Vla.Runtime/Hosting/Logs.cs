using System.Globalization;
using Vla.Runtime.Robots;

namespace Vla.Runtime.Hosting;

/// <summary>Where log lines go: standard error, or above the live view when there is one.</summary>
/// <remarks>
/// A provider of our own, since .NET's console logger would write into the live view, and names classes where a person
/// wants to read what happened.
/// </remarks>
public static class Logs
{
    public static void Configure(ILoggingBuilder logging, LogLevel level, ConsoleScreen? screen)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        // What the frameworks have to say matters to a person only when something is wrong.
        logging.AddFilter("Microsoft", Max(level, LogLevel.Warning));
        logging.AddFilter("Akka", Max(level, LogLevel.Warning));
        // A host that cannot start throws, too, and that is said by whoever started it.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddProvider(new LineLogger(screen is null ? Console.Error.WriteLine : screen.WriteLine));
    }

    private static LogLevel Max(LogLevel a, LogLevel b) => a > b ? a : b;

    /// <summary>One line for each event: time, level when it matters, what happened.</summary>
    private sealed class LineLogger(Action<string> write) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var now = DateTime.Now.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
            var level = logLevel >= LogLevel.Warning ? $"{logLevel}: ".ToLowerInvariant() : "";
            var reason = exception is null ? "" : $": {exception.Message}";
            try
            {
                write($"{now} {level}{formatter(state, exception)}{reason}".ReplaceLineEndings(" "));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A terminal that is gone, a disk that is full: whoever logs has something else to do, the last message above all.
            }
        }

        public void Dispose()
        {
        }
    }
}
