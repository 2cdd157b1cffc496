using System.Globalization;
using Microsoft.Extensions.Logging.Console;
using Vla.Runtime.Robots;

namespace Vla.Runtime.Hosting;

/// <summary>Where log lines go: standard error, or above the live view when there is one.</summary>
public static class Logs
{
    public static void Configure(ILoggingBuilder logging, LogLevel level, ConsoleScreen? screen)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        // What the frameworks have to say matters to a person only when something is wrong.
        logging.AddFilter("Microsoft", Max(level, LogLevel.Warning));
        // A host that cannot start throws, too, and that is said by whoever started it.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddFilter("Akka", Max(level, LogLevel.Warning));
        if (screen is not null)
        {
            logging.AddProvider(new ScreenLoggerProvider(screen));
            return;
        }

        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.ColorBehavior = LoggerColorBehavior.Default;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static LogLevel Max(LogLevel a, LogLevel b) => a > b ? a : b;

    /// <summary>Writes log lines above the live view; .NET's console logger would write into it.</summary>
    private sealed class ScreenLoggerProvider(ConsoleScreen screen) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var now = DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
            var level = logLevel >= LogLevel.Warning ? $"{logLevel}: ".ToLowerInvariant() : "";
            screen.WriteLine($"{now} {level}{formatter(state, exception).ReplaceLineEndings(" ")}");
        }

        public void Dispose()
        {
        }
    }
}
