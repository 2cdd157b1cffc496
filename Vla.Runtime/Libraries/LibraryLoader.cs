using System.Reflection;
using Vla.Actors.Policies;

namespace Vla.Runtime.Libraries;

/// <summary>What is wanted of a library that somebody else wrote, and how to refuse it.</summary>
/// <param name="What">What the class is, in messages: <c>robot</c>, <c>camera</c>.</param>
/// <param name="File">The assembly. What it needs besides Vla's own assemblies lies beside it.</param>
/// <param name="LongestMaking">How long its constructor may take.</param>
/// <param name="Refuse">Makes the exception that this kind of thing is refused with.</param>
internal sealed record LibraryRequest(
    string What,
    string File,
    TimeSpan LongestMaking,
    Func<string, Exception?, Exception> Refuse
)
{
    /// <summary>What a constructor may ask for, by type; null for what is not there.</summary>
    public required IReadOnlyDictionary<Type, object?> Arguments { get; init; }

    /// <summary>Other things that somebody may have meant: the interface, and what to do with such a library.</summary>
    public IReadOnlyList<(Type Interface, string Mend)> Others { get; init; } = [];
}

/// <summary>Loads what somebody else wrote: the one public class of a kind in an assembly.</summary>
internal static class LibraryLoader
{
    /// <typeparam name="T">The interface that the class implements.</typeparam>
    /// <param name="request">Where it is, and what its constructor is given.</param>
    /// <param name="ask">Asks it at once for what it says of itself, within the same bound.</param>
    /// <exception cref="Exception">
    /// What <see cref="LibraryRequest.Refuse"/> makes: file, class or constructor cannot be used.
    /// </exception>
    public static T Load<T>(LibraryRequest request, Action<T> ask)
        where T : class
    {
        var type = FindClass(LibraryAssembly.Classes(request), typeof(T), request);
        return Make(ConstructorOf(type, request), request, ask);
    }

    private static ConstructorInfo ConstructorOf(Type type, LibraryRequest request)
    {
        var known = type.GetConstructors()
            .Where(constructor =>
                constructor.GetParameters().All(parameter => request.Arguments.ContainsKey(parameter.ParameterType))
            )
            .OrderByDescending(constructor => constructor.GetParameters().Length)
            .ToList();
        var fitting = known.Find(constructor =>
            constructor.GetParameters().All(parameter => request.Arguments[parameter.ParameterType] is not null)
        );
        if (fitting is not null)
            return fitting;
        if (known is [var first, ..])
        {
            var missing = first
                .GetParameters()
                .First(parameter => request.Arguments[parameter.ParameterType] is null)
                .ParameterType.Name;
            throw request.Refuse(
                $"{type.Name} in '{request.File}' wants a {missing}, and none was given: give dll:FILE?profile=FILE",
                null
            );
        }

        var possible =
            request.Arguments.Count == 0
                ? "takes nothing"
                : "takes nothing but what there is: "
                    + string.Join(
                        ", ",
                        request.Arguments.Keys.Select(argument =>
                            argument == typeof(string) ? "an argument (string)" : $"a {argument.Name}"
                        )
                    );
        throw request.Refuse($"{type.Name} in '{request.File}' has no public constructor that {possible}", null);
    }

    /// <summary>Makes it on a thread that is left behind when it does not come back.</summary>
    private static T Make<T>(ConstructorInfo constructor, LibraryRequest request, Action<T> ask)
        where T : class
    {
        var what = $"{request.What} {constructor.DeclaringType!.Name} in '{request.File}'";
        WorkStep.Begin($"making the {what}");
        object?[] arguments =
        [
            .. constructor.GetParameters().Select(parameter => request.Arguments[parameter.ParameterType]),
        ];
        var made = new TaskCompletionSource<T>();
        new Thread(() =>
        {
            try
            {
                var thing = (T)constructor.Invoke(arguments);
                ask(thing);
                made.SetResult(thing);
            }
            catch (Exception e)
            {
                made.SetException(e is TargetInvocationException { InnerException: { } inner } ? inner : e);
            }
        })
        {
            Name = $"vla-{request.What}",
            IsBackground = true,
        }.Start();
        try
        {
            if (made.Task.Wait(request.LongestMaking))
                return made.Task.Result;
        }
        catch (AggregateException e)
        {
            throw request.Refuse($"{what} cannot be made: {LibraryWords.Of(e.InnerException!)}", e.InnerException);
        }

        throw request.Refuse(
            $"{what} cannot be made: its constructor has not returned for {request.LongestMaking.TotalSeconds:0} s; "
                + "open what takes time later",
            null
        );
    }

    /// <summary>All public classes of a library that implement an interface; none is no error.</summary>
    /// <exception cref="Exception">
    /// What <see cref="LibraryRequest.Refuse"/> makes: file, class or constructor cannot be used.
    /// </exception>
    /// <inheritdoc cref="Load"/>
    public static IReadOnlyList<T> LoadAll<T>(LibraryRequest request, Action<T> ask)
        where T : class =>
        [
            .. LibraryAssembly
                .Classes(request)
                .Where(type => type.IsAssignableTo(typeof(T)))
                .Select(type => Make(ConstructorOf(type, request), request, ask)),
        ];

    /// <summary>That a library has no class of the kind that is wanted, and what it has instead.</summary>
    /// <param name="request">Where it is, and what it may have been meant for.</param>
    /// <param name="wanted">The interface's name, or several.</param>
    public static Exception Nothing(LibraryRequest request, string wanted)
    {
        foreach (var (other, mend) in request.Others)
        {
            if (Array.Find(LibraryAssembly.Classes(request), type => type.IsAssignableTo(other)) is { } meant)
                return request.Refuse(
                    $"{request.What} library '{request.File}' has no class that implements {wanted}; its "
                        + $"{meant.Name} {mend}",
                    null
                );
        }

        return request.Refuse(
            $"{request.What} library '{request.File}' has no public class that implements {wanted}",
            null
        );
    }

    private static Type FindClass(Type[] classes, Type wanted, LibraryRequest request)
    {
        Type[] found = [.. classes.Where(type => type.IsAssignableTo(wanted))];
        if (found is [var one])
            return one;
        if (found.Length > 1)
            throw request.Refuse(
                $"{request.What} library '{request.File}' has several "
                    + $"({string.Join(", ", found.Select(type => type.Name))}): make one of them public",
                null
            );
        throw Nothing(request, wanted.Name);
    }
}
