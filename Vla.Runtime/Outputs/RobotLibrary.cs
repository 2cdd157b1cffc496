using System.Reflection;
using System.Runtime.Loader;
using Vla.Actors.Robots;

namespace Vla.Runtime.Outputs;

/// <summary>Loads a robot that somebody else wrote: the one public <see cref="IRobot"/> in an assembly.</summary>
public static class RobotLibrary
{
    /// <summary>How long a robot may take to be made: it may find its port and wait for an answer there.</summary>
    private static readonly TimeSpan LongestMaking = TimeSpan.FromSeconds(30);

    /// <param name="file">The assembly. What it needs besides Vla's own assemblies lies beside it.</param>
    /// <param name="address">Given to the constructor, if that takes a text; empty when none was given.</param>
    /// <param name="profile">Given to the constructor, if that takes a profile.</param>
    /// <exception cref="UsageException">The file, the robot in it, or its constructor cannot be used.</exception>
    public static IRobot Load(string file, string address, RobotProfile profile)
    {
        var robot = FindRobot(LoadAssembly(file), file);
        var constructor = robot.GetConstructors()
            .Where(c => c.GetParameters().All(p => p.ParameterType == typeof(string) || p.ParameterType == typeof(RobotProfile)))
            .MaxBy(c => c.GetParameters().Length)
            ?? throw new UsageException(
                $"{robot.Name} in '{file}' has no public constructor that takes nothing but an address (string) and a RobotProfile");
        var arguments = constructor.GetParameters()
            .Select(p => p.ParameterType == typeof(string) ? (object)address : profile)
            .ToArray();
        return Make(constructor, arguments, $"robot {robot.Name} in '{file}'");
    }

    /// <summary>
    /// Makes the robot and asks what it says of itself, on a thread that is left behind when it does not come back.
    /// </summary>
    private static IRobot Make(ConstructorInfo constructor, object[] arguments, string what)
    {
        var made = new TaskCompletionSource<IRobot>();
        new Thread(() =>
        {
            try
            {
                var robot = (IRobot)constructor.Invoke(arguments);
                _ = (robot.Name, robot.MayBlock, robot.Moves, robot.QueueCapacity);
                made.SetResult(robot);
            }
            catch (Exception e)
            {
                made.SetException(e is TargetInvocationException { InnerException: { } inner } ? inner : e);
            }
        }) { Name = "vla-robot", IsBackground = true }.Start();
        try
        {
            if (made.Task.Wait(LongestMaking)) return made.Task.Result;
        }
        catch (AggregateException e)
        {
            var reason = e.InnerException!.Message.ReplaceLineEndings(" ");
            throw new UsageException($"{what} cannot be made: {reason}", e.InnerException);
        }

        throw new UsageException($"{what} cannot be made: its constructor has not returned for {LongestMaking.TotalSeconds:0} s; connect in the first Apply if that takes longer");
    }

    private static Assembly LoadAssembly(string file)
    {
        var path = Path.GetFullPath(file);
        if (!File.Exists(path)) throw new UsageException($"robot library '{file}' is not there: build it and give the path of its .dll");

        try
        {
            // In the default context, so that its IRobot is ours; what else it needs is found by its own deps.json.
            var resolver = new AssemblyDependencyResolver(path);
            AssemblyLoadContext.Default.Resolving += (context, name) =>
                resolver.ResolveAssemblyToPath(name) is { } found ? context.LoadFromAssemblyPath(found) : null;
            return AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or InvalidOperationException)
        {
            throw new UsageException($"robot library '{file}' is not a .NET assembly that can be loaded here: {e.Message}", e);
        }
    }

    private static Type FindRobot(Assembly assembly, string file)
    {
        Type[] robots;
        try
        {
            robots = [.. assembly.GetExportedTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IRobot)))];
        }
        catch (Exception e) when (e is FileNotFoundException or TypeLoadException)
        {
            throw new UsageException($"robot library '{file}' needs something that is not there: {e.Message}", e);
        }

        return robots switch
        {
            [var robot] => robot,
            [] => throw new UsageException($"robot library '{file}' has no public class that implements {nameof(IRobot)}"),
            _ => throw new UsageException(
                $"robot library '{file}' has several robots ({string.Join(", ", robots.Select(r => r.Name))}): make one of them public"),
        };
    }
}
